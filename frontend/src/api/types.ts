// The API's shapes by name, as the generated schema has them.
import type { components } from './schema'

type Schemas = components['schemas']
export type Season = Schemas['Season']
export type Bracket = Schemas['Bracket']
export type Table = Schemas['Table']
export type TableRow = Schemas['TableRow']
export type FormEntry = Schemas['FormEntry']
export type Match = Schemas['Match']
export type MatchDetail = Schemas['MatchDetail']
export type MatchTeam = Schemas['MatchTeam']
export type MatchChange = Schemas['MatchChange']
export type Team = Schemas['Team']
export type Club = Schemas['Club']
export type ClubTeam = Schemas['ClubTeam']
export type Found = Schemas['Found']
export type Run = Schemas['Run']
export type Freshness = Schemas['Freshness']
