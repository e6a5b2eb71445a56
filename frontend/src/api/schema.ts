// Generated from openapi.json by npm run client. Do not edit.
export interface paths {
    "/api/accounts/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Me
         * @description Who is signed in, and what the account may do.
         */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/accounts/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh
         * @description The next token of a session. Its refresh token is good once; the answer has a new one.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/accounts/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign In
         * @description Sign in with e-mail address and password.
         */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/accounts/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign Out
         * @description End the session: its refresh token is good no longer.
         */
        post: operations["sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Accounts
         * @description The accounts to which somebody gave a role.
         */
        get: operations["accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/accounts/{account_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Keep Account
         * @description Say what an account may do: it holds from the account's next request on.
         */
        put: operations["keep_account"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Aliases
         * @description Every alias.
         */
        get: operations["aliases"];
        put?: never;
        /**
         * Add Alias
         * @description Say whom a name means. What waits in the quarantine for it lands when it is replayed.
         */
        post: operations["add_alias"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/aliases/{alias_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove Alias
         * @description Forget a name. What landed through it stays.
         */
        delete: operations["remove_alias"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Audit
         * @description Who wrote what, oldest first.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/conflicts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Conflicts
         * @description What the source offers against kept values.
         */
        get: operations["conflicts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/conflicts/{conflict_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Settle Conflict
         * @description Keep our value, or take the source's: then the field's lock goes and the source has it again.
         */
        post: operations["settle_conflict"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Keys
         * @description Every service key, revoked ones too; without secrets, which nobody has.
         */
        get: operations["keys"];
        put?: never;
        /**
         * Add Key
         * @description Make a service key. Its secret stands in this answer and nowhere else.
         */
        post: operations["add_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Key
         * @description Refuse a service key from now on.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/matches/{match_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Match Locks
         * @description A match's correctable fields as they stand, with its locks.
         */
        get: operations["match_locks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/matches/{match_id}/corrections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Correct Match
         * @description Correct fields of a match and lock them against the source. A score alone ends a match, except one that is live;
         *     a forfeit stays one. A forfeit is a 0-3 loss: it comes with the score 0-3 or 3-0, which is locked with it.
         */
        post: operations["correct_match"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/matches/{match_id}/locks/{field}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Unlock Match
         * @description Give a field back to the source; its next document decides. Score and status of a forfeit go together.
         */
        delete: operations["unlock_match"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Quarantine
         * @description Matches that were turned away and wait for a person.
         */
        get: operations["quarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/quarantine/{rejection_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rejection
         * @description One rejection whole, open or settled, with its payload.
         */
        get: operations["rejection"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/quarantine/{rejection_id}/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drop Rejection
         * @description Settle it for good, unlanded: the same thing with the same fault does not open it again.
         */
        post: operations["drop_rejection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/quarantine/{rejection_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay Rejection
         * @description Try it again, now that its cause is gone (an alias was added). It stays open where it is rejected again.
         */
        post: operations["replay_rejection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Receipts
         * @description What became of every message, the newest first.
         */
        get: operations["receipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Run
         * @description A run with the report that the agent sent. /api/runs lists them.
         */
        get: operations["run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/batches/{batch_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Batch Receipt
         * @description The receipt of a message (batch, snapshot, quality or run report) by its id; 404 until it landed.
         */
        get: operations["batch_receipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/match-summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Match Summary
         * @description What the database knows of each bracket of a season, and the last runs.
         */
        get: operations["match_summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sources
         * @description The last landed snapshot of each key, with the validators that a reader may send.
         */
        get: operations["sources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Brackets
         * @description The brackets of a season, all of them in one page.
         */
        get: operations["brackets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket
         * @description One bracket.
         */
        get: operations["bracket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/chances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket Chances
         * @description Estimated chances of every team's final position and of the matches left. Not made for U13 and U14.
         */
        get: operations["bracket_chances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/grid": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket Grid
         * @description The results matrix, and every team's record against every other.
         */
        get: operations["bracket_grid"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket History
         * @description Every team's position after every match weekend, in today's order.
         */
        get: operations["bracket_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/matches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket Matches
         * @description The matches of a bracket by date. One page holds any bracket that there is.
         */
        get: operations["bracket_matches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/outlook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket Outlook
         * @description Where every team can still finish, what makes each place sure, its runs, and how hard its schedule is.
         */
        get: operations["bracket_outlook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/table": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bracket Table
         * @description A bracket's table by the league's rules.
         */
        get: operations["bracket_table"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/teams/{team_id}/ways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Team Ways
         * @description Results of the matches left with which a team finishes at its best and at its worst position in reach.
         */
        get: operations["team_ways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brackets/{bracket_id}/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bracket What If
         * @description The table as it would be with these results. Nothing is stored. Shoot-outs are played in Flex alone.
         */
        post: operations["bracket_what_if"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Changes
         * @description What changed in any match, oldest first.
         */
        get: operations["changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/clubs/{club_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Club
         * @description A club with its teams of a season (its newest where none is given), and the row of each in every bracket.
         */
        get: operations["club"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/clubs/{club_id}/calendar.ics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Club Calendar
         * @description The matches of all teams of a club.
         */
        get: operations["club_calendar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/embed/brackets/{bracket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Embed Table
         * @description A bracket's table as a page for an iframe.
         */
        get: operations["embed_table"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/embed/style.css": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Embed Style
         * @description The style of embedded tables.
         */
        get: operations["embed_style"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description Events from now on, or from the one after Last-Event-ID. `data` is JSON as the schema Event has it; an event
         *     `reset` says that what was missed is no longer kept: read the page again. An event `beat` comes at the beginning and
         *     every 15 seconds in which nothing happens: a stream that is silent for longer is dead.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/forecasts/score": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Forecast Score
         * @description How good the chances were, beside a base rate that knows no teams.
         */
        get: operations["forecast_score"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/freshness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Freshness
         * @description How old what the site shows is, per competition, and how its tables compare with the league's own.
         */
        get: operations["freshness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/insights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Insights
         * @description What a match weekend was worth talking about: movers, upsets, streaks.
         */
        get: operations["insights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/live/matches/{match_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Score Live
         * @description The score of a match that is being played, by a manager of one of its teams. The source leaves it alone while it
         *     is live; `final` ends it, and from then on the score is locked: the source may only disagree.
         */
        put: operations["score_live"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/matches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Matches
         * @description Matches by date, filtered by any of season, league, age group, division, bracket, team, club, dates, status,
         *     text. As CSV without a limit: all of them in one file.
         */
        get: operations["matches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/matches/{match_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Match
         * @description One match with the brackets that it counts in.
         */
        get: operations["match"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/matches/{match_id}/chances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Match Chances
         * @description Estimated chances of a match as they stood before kick-off. Not made for U13 and U14.
         */
        get: operations["match_chances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/matches/{match_id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Match Changes
         * @description What changed in a match, oldest first.
         */
        get: operations["match_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/pages/body": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Page Body
         * @description The first view of a page.
         */
        get: operations["page_body"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/pages/head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Page Head
         * @description Title, description, canonical address and Open Graph of a page.
         */
        get: operations["page_head"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Runs
         * @description The newest runs first.
         */
        get: operations["runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search
         * @description Clubs, teams, tables and venues by name, the likeliest first. With an age group in it ("New York, U14") it
         *     finds nothing of another one.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/seasons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Seasons
         * @description Every season, newest first. One whose `brackets` are 0 has no table (yet).
         */
        get: operations["seasons"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/teams/{team_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Team
         * @description A team with its row in every bracket that it stands in; of its newest season where none is given.
         */
        get: operations["team"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/teams/{team_id}/calendar.ics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Team Calendar
         * @description A team's matches of a season.
         */
        get: operations["team_calendar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/teams/{team_id}/results.atom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Team Results
         * @description A team's results, newest first.
         */
        get: operations["team_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/fresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health Fresh
         * @description 503 when nothing landed for 36 hours in season: for an outside monitor.
         */
        get: operations["health_fresh"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health Live
         * @description The process answers. Asks nothing of anybody else.
         */
        get: operations["health_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health Ready
         * @description 200 when the database answers and has every migration that this version knows; else 503.
         */
        get: operations["health_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Account
         * @description An account to which somebody gave a role. Everybody else who signs in is a reader.
         */
        Account: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Disabled At */
            disabled_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "admin" | "manager" | "reader";
            /** Team Ids */
            team_ids: number[];
        };
        /**
         * AccountInput
         * @description What an account may do. A manager manages `team_ids`; a disabled one may do nothing.
         */
        AccountInput: {
            /**
             * Disabled
             * @default false
             */
            disabled: boolean;
            /**
             * Role
             * @enum {string}
             */
            role: "admin" | "manager" | "reader";
            /** Team Ids */
            team_ids?: number[];
        };
        /**
         * Accuracy
         * @description How right chances were over `matches` results, beside a base rate that knows no teams. Lower is better in all.
         *
         *     `brier`: sum of squared errors over win, tie, loss (0 to 2); `log_loss` in nats.
         */
        Accuracy: {
            /** Base Brier */
            base_brier: number;
            /** Base Log Loss */
            base_log_loss: number;
            /** Brier */
            brier: number;
            /** Log Loss */
            log_loss: number;
            /** Matches */
            matches: number;
        };
        /**
         * Alias
         * @description An alias with the name of whom it means.
         */
        Alias: {
            /** Age Label */
            age_label: string | null;
            /** Alias */
            alias: string;
            /** Club Id */
            club_id: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string | null;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Source */
            source: string | null;
            /** Team Id */
            team_id: number | null;
        };
        /**
         * AliasInput
         * @description A name, letter by letter as the source has it, for a team, or for a club (then the age label chooses its team).
         *
         *     Without `age_label` it holds for every age, without `source` for every source.
         */
        AliasInput: {
            /** Age Label */
            age_label?: string | null;
            /** Alias */
            alias: string;
            /** Club Id */
            club_id?: number | null;
            source?: components["schemas"]["Source"] | null;
            /** Team Id */
            team_id?: number | null;
        };
        /**
         * AuditEntry
         * @description A write by a person, with what was before and after it.
         */
        AuditEntry: {
            /** Action */
            action: string;
            /** Actor */
            actor: string;
            /** After */
            after: {
                [key: string]: unknown;
            } | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Before */
            before: {
                [key: string]: unknown;
            } | null;
            /** Id */
            id: number;
            /** Request Id */
            request_id: string | null;
            /** Subject */
            subject: string;
            /** Subject Id */
            subject_id: string;
        };
        /**
         * Bracket
         * @description One table: a division of an age group in a league's season.
         *
         *     The table is ours, by the league's rules. `computed`: the league publishes no values of its own (U13 and U14).
         *     `synced_at`: when the source wrote what we have. `matches` counts those that its table counts or will count,
         *     `played` those with a result.
         *     `path` is the page's address; `version` rises with every change that a table could show.
         */
        Bracket: {
            /** Age Group */
            age_group: string;
            /** Computed */
            computed: boolean;
            /** Division */
            division: string;
            /** Id */
            id: number;
            league: components["schemas"]["League"];
            /** Matches */
            matches: number;
            /** Path */
            path: string;
            /** Played */
            played: number;
            /** Season */
            season: string;
            /** Synced At */
            synced_at: string | null;
            /** Teams */
            teams: number;
            /** Version */
            version: number;
        };
        /**
         * BracketChances
         * @description Estimates, not facts: the season played out `simulations` times from today's table by a model of goals.
         *
         *     `version`: of the bracket, from whose results they are made. `silent`: why there are none; `teams` and `matches` are
         *     then empty. `walk_forward`: each weekend's matches estimated from the results before it alone.
         */
        BracketChances: {
            bracket: components["schemas"]["Bracket"];
            /**
             * Estimate
             * @default true
             * @constant
             */
            estimate: true;
            /** Made At */
            made_at: string | null;
            /** Matches */
            matches: components["schemas"]["MatchChances"][];
            /** Model */
            model: string | null;
            /** Reason */
            reason: string | null;
            /** Silent */
            silent: ("too_young" | "not_made_yet" | "no_matches" | "too_late") | null;
            /** Simulations */
            simulations: number;
            /** Teams */
            teams: components["schemas"]["PositionChances"][];
            /** Version */
            version: number | null;
            walk_forward: components["schemas"]["Accuracy"] | null;
        };
        /**
         * BracketSummary
         * @description What the database holds of one bracket. `tbd`: played, score not published; `awaiting_score`: of those and of
         *     the scheduled ones, how many kicked off before now without a score. `division` null: matches in no bracket.
         */
        BracketSummary: {
            /** Age Group */
            age_group: string;
            /** Awaiting Score */
            awaiting_score: number;
            /** Bracket Id */
            bracket_id: number;
            /** Completed */
            completed: number;
            /** Division */
            division: string;
            /** External Id */
            external_id: string;
            /** Last Score Observed At */
            last_score_observed_at: string | null;
            league: components["schemas"]["League"];
            /** Matches */
            matches: number;
            /** Next Kick Off */
            next_kick_off: string | null;
            /** Scheduled */
            scheduled: number;
            /** Synced At */
            synced_at: string | null;
            /** Tbd */
            tbd: number;
            /** Teams */
            teams: number;
        };
        /**
         * Club
         * @description A club across its ages in one season.
         */
        Club: {
            /** Crest Url */
            crest_url: string | null;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Season */
            season: string;
            /** Short Name */
            short_name: string | null;
            /** Teams */
            teams: components["schemas"]["ClubTeam"][];
        };
        /**
         * ClubTeam
         * @description A team of the club in one bracket, with its row there.
         */
        ClubTeam: {
            /** Age Group */
            age_group: string | null;
            bracket: components["schemas"]["Bracket"] | null;
            /** Id */
            id: number;
            /** Name */
            name: string;
            row: components["schemas"]["TableRow"] | null;
        };
        /**
         * CompetitionFreshness
         * @description How old what we have of one competition is. `age_s` counts from `synced_at` to now.
         */
        CompetitionFreshness: {
            /** Age S */
            age_s: number;
            /** Key */
            key: string;
            /**
             * Landed At
             * Format: date-time
             */
            landed_at: string;
            league: components["schemas"]["League"];
            /** Matches */
            matches: number;
            /** Scored */
            scored: number;
            /** Season */
            season: string;
            /**
             * Synced At
             * Format: date-time
             */
            synced_at: string;
        };
        /**
         * Correction
         * @description What is wrong, as it should be. Each field that is given is corrected and locked against the source.
         */
        Correction: {
            kick_off?: components["schemas"]["KickOffInput"] | null;
            /** Reason */
            reason: string;
            score?: components["schemas"]["ScoreInput"] | null;
            status?: components["schemas"]["Status"] | null;
        };
        /**
         * Counts
         * @description What became of matches. `protected`: a person's correction or a kept score stood against the source.
         *
         *     Of a `quality` message they count tables.
         */
        Counts: {
            /**
             * Inserted
             * @default 0
             */
            inserted: number;
            /**
             * Protected
             * @default 0
             */
            protected: number;
            /**
             * Rejected
             * @default 0
             */
            rejected: number;
            /**
             * Unchanged
             * @default 0
             */
            unchanged: number;
            /**
             * Updated
             * @default 0
             */
            updated: number;
        };
        /**
         * Credentials
         * @description Who signs in.
         */
        Credentials: {
            /** Email */
            email: string;
            /** Password */
            password: string;
        };
        /**
         * FieldError
         * @description One thing wrong in a request: where (`query.season`), and what.
         */
        FieldError: {
            /** Message */
            message: string;
            /** Where */
            where: string;
        };
        /**
         * ForecastScore
         * @description How good the chances are. `walk_forward`: over the whole season so far, each weekend from what stood before it.
         *
         *     `frozen`: those that stood here before kick-off, against what happened.
         */
        ForecastScore: {
            /**
             * Estimate
             * @default true
             * @constant
             */
            estimate: true;
            frozen: components["schemas"]["Accuracy"] | null;
            /** Model */
            model: string;
            /** Season */
            season: string;
            walk_forward: components["schemas"]["Accuracy"] | null;
        };
        /**
         * FormEntry
         * @description A recent match of a team and how it ended for it: won, tied (a shoot-out too), lost.
         */
        FormEntry: {
            /** Match Id */
            match_id: number;
            /**
             * Result
             * @enum {string}
             */
            result: "W" | "T" | "L";
        };
        /**
         * Found
         * @description A club, team, table (bracket) or venue. `detail` tells it from its namesakes ("U14 Northeast · 2026-27").
         *
         *     `path` is the page's address; null for a venue, which has none.
         */
        Found: {
            /** Detail */
            detail: string;
            /** Id */
            id: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "club" | "team" | "bracket" | "venue";
            /** Name */
            name: string;
            /** Path */
            path: string | null;
        };
        /**
         * Freshness
         * @description How fresh the site is. `fresh` is false when nothing landed for 36 hours in season: /health/fresh is 503 then.
         *
         *     `official`: how our tables compare with the league's own.
         */
        Freshness: {
            /** Age S */
            age_s: number | null;
            /** Competitions */
            competitions: components["schemas"]["CompetitionFreshness"][];
            /** Fresh */
            fresh: boolean;
            /** In Season */
            in_season: boolean;
            /** Last Landed At */
            last_landed_at: string | null;
            last_run: components["schemas"]["RunSummary"] | null;
            /**
             * Now
             * Format: date-time
             */
            now: string;
            official?: components["schemas"]["OfficialCheck"] | null;
            /** Season */
            season: string;
        };
        /**
         * Grid
         * @description The results matrix and who beat whom. `teams` in the table's order; `guests`: of other brackets, met here.
         *
         *     `matches`: all but the cancelled ones, by date. `head_to_head`: both ways, for pairs that have met.
         */
        Grid: {
            bracket: components["schemas"]["Bracket"];
            /** Guests */
            guests: components["schemas"]["TableTeam"][];
            /** Head To Head */
            head_to_head: components["schemas"]["HeadToHead"][];
            /** Matches */
            matches: components["schemas"]["GridMatch"][];
            /** Teams */
            teams: components["schemas"]["TableTeam"][];
        };
        /**
         * GridMatch
         * @description A cell's match: row `home_team_id`, column `away_team_id`. Scores are null until it is played.
         */
        GridMatch: {
            /** Away Score */
            away_score: number | null;
            /** Away Shootout */
            away_shootout: number | null;
            /** Away Team Id */
            away_team_id: number;
            /** Home Score */
            home_score: number | null;
            /** Home Shootout */
            home_shootout: number | null;
            /** Home Team Id */
            home_team_id: number;
            /**
             * Local Date
             * Format: date
             */
            local_date: string;
            /** Match Id */
            match_id: number;
            status: components["schemas"]["Status"];
        };
        /**
         * HeadToHead
         * @description What a team has from its matches against one opponent. `points`: as the table counts them.
         */
        HeadToHead: {
            /** Goals Against */
            goals_against: number;
            /** Goals For */
            goals_for: number;
            /** Lost */
            lost: number;
            /** Opponent Id */
            opponent_id: number;
            /** Played */
            played: number;
            /** Points */
            points: number;
            /** Team Id */
            team_id: number;
            /** Tied */
            tied: number;
            /** Won */
            won: number;
        };
        /**
         * Health
         * @description `status` is ok or what is wrong; `checks` has a sentence for each thing that was looked at.
         */
        Health: {
            /** Checks */
            checks: {
                [key: string]: string;
            };
            /** Status */
            status: string;
        };
        /**
         * Insight
         * @description Something of a weekend that is worth a line.
         *
         *     mover: `team` went from position `before` to `after`. upset: `team` beat `opponent`, which stood at `after` while
         *     it stood at `before` itself. streak: `team` won its last `length` matches (`result` W) or is unbeaten in them
         *     (null). `weight` orders them within their kind, more first.
         */
        Insight: {
            /** After */
            after?: number | null;
            /** Before */
            before?: number | null;
            bracket: components["schemas"]["MatchBracket"];
            /**
             * Kind
             * @enum {string}
             */
            kind: "mover" | "upset" | "streak";
            /** Length */
            length?: number | null;
            /** Match Id */
            match_id?: number | null;
            opponent?: components["schemas"]["TableTeam"] | null;
            /** Result */
            result?: "W" | null;
            /** Score */
            score?: string | null;
            team: components["schemas"]["TableTeam"];
            /** Weight */
            weight: number;
        };
        /**
         * Insights
         * @description A match weekend (Tuesday to Monday) of a season; `weekends`: the first days of those that there are.
         */
        Insights: {
            /** Items */
            items: components["schemas"]["Insight"][];
            /** Last Day */
            last_day: string | null;
            /** Season */
            season: string;
            /** Weekend */
            weekend: string | null;
            /** Weekends */
            weekends: string[];
        };
        /**
         * KeyInput
         * @description Whose key it will be, and what it may do.
         */
        KeyInput: {
            /** Name */
            name: string;
            /** Scopes */
            scopes: "agent"[];
        };
        /**
         * KickOffInput
         * @description When a match is played; without a time only the date counts.
         */
        KickOffInput: {
            /** At */
            at?: string | null;
            /**
             * Local Date
             * Format: date
             */
            local_date: string;
        };
        /**
         * League
         * @description The competition, by the name that people use.
         * @enum {string}
         */
        League: "Homegrown" | "Academy" | "Flex";
        /**
         * LiveScore
         * @description The score of a match that is being played; `final` ends it.
         */
        LiveScore: {
            /** Away */
            away: number;
            /**
             * Final
             * @default false
             */
            final: boolean;
            /** Home */
            home: number;
        };
        /**
         * LockedField
         * @description A field that a person can correct and so lock against the source. `match_locks.field` holds the same words.
         * @enum {string}
         */
        LockedField: "score" | "kick_off" | "venue" | "status" | "teams";
        /**
         * LostPlace
         * @description A place that a team can no longer reach. `since`: the day whose results put it out of reach.
         */
        LostPlace: {
            /** Place */
            place: number;
            /**
             * Since
             * Format: date
             */
            since: string;
        };
        /**
         * Match
         * @description A fixture. With `time_set` false only `local_date` means anything; `kick_off` is UTC, `timezone` the venue's.
         *
         *     `home_brackets` and `away_brackets` are the brackets in which each side's table counts it.
         */
        Match: {
            /** Age Group */
            age_group: string;
            away: components["schemas"]["MatchTeam"];
            /** Away Brackets */
            away_brackets: number[];
            /** Away Score */
            away_score: number | null;
            /** Away Shootout */
            away_shootout: number | null;
            /** Division */
            division: string | null;
            /** External Id */
            external_id: string;
            home: components["schemas"]["MatchTeam"];
            /** Home Brackets */
            home_brackets: number[];
            /** Home Score */
            home_score: number | null;
            /** Home Shootout */
            home_shootout: number | null;
            /** Id */
            id: number;
            /** Kick Off */
            kick_off: string | null;
            league: components["schemas"]["League"];
            /**
             * Local Date
             * Format: date
             */
            local_date: string;
            /**
             * Observed At
             * Format: date-time
             */
            observed_at: string;
            /** Round Number */
            round_number: number | null;
            /** Season */
            season: string;
            status: components["schemas"]["Status"];
            /** Time Set */
            time_set: boolean;
            /** Timezone */
            timezone: string;
            venue: components["schemas"]["MatchVenue"] | null;
        };
        /**
         * MatchBracket
         * @description A bracket that a match counts in, with the address of its page.
         */
        MatchBracket: {
            /** Age Group */
            age_group: string;
            /** Division */
            division: string;
            /** Id */
            id: number;
            league: components["schemas"]["League"];
            /** Path */
            path: string;
        };
        /**
         * MatchChances
         * @description Estimated chances of a match, made before kick-off. `frozen`: the match began, they are never made again.
         *
         *     `home_goals`, `away_goals`: what the model expects.
         */
        MatchChances: {
            /** Away Goals */
            away_goals: number;
            /** Away Team Id */
            away_team_id: number;
            /** Away Win */
            away_win: number;
            /** Frozen */
            frozen: boolean;
            /** Home Goals */
            home_goals: number;
            /** Home Team Id */
            home_team_id: number;
            /** Home Win */
            home_win: number;
            /**
             * Local Date
             * Format: date
             */
            local_date: string;
            /**
             * Made At
             * Format: date-time
             */
            made_at: string;
            /** Match Id */
            match_id: number;
            /** Model */
            model: string;
            /** Tie */
            tie: number;
        };
        /**
         * MatchChange
         * @description A field of a match that changed: from what, to what, when, by which batch of the source or by a person.
         */
        MatchChange: {
            /** After */
            after: string | null;
            /** Batch Id */
            batch_id: string | null;
            /** Before */
            before: string | null;
            /** By */
            by: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Field */
            field: string;
            /** Id */
            id: number;
            /** Match Id */
            match_id: number;
        };
        /**
         * MatchConflict
         * @description What the source offers against a kept value. `settlement` null: open.
         */
        MatchConflict: {
            /** Field */
            field: string;
            /** Id */
            id: number;
            /** Kept Value */
            kept_value: string | null;
            /** Match Id */
            match_id: number;
            /**
             * Observed At
             * Format: date-time
             */
            observed_at: string;
            /** Offered Value */
            offered_value: string | null;
            /** Reason */
            reason: string;
            /**
             * Recorded At
             * Format: date-time
             */
            recorded_at: string;
            /** Settlement */
            settlement: string | null;
        };
        /**
         * MatchDetail
         * @description One match with the brackets that it counts in.
         */
        MatchDetail: {
            /** Age Group */
            age_group: string;
            away: components["schemas"]["MatchTeam"];
            /** Away Brackets */
            away_brackets: number[];
            /** Away Score */
            away_score: number | null;
            /** Away Shootout */
            away_shootout: number | null;
            /** Brackets */
            brackets: components["schemas"]["MatchBracket"][];
            /** Division */
            division: string | null;
            /** External Id */
            external_id: string;
            home: components["schemas"]["MatchTeam"];
            /** Home Brackets */
            home_brackets: number[];
            /** Home Score */
            home_score: number | null;
            /** Home Shootout */
            home_shootout: number | null;
            /** Id */
            id: number;
            /** Kick Off */
            kick_off: string | null;
            league: components["schemas"]["League"];
            /**
             * Local Date
             * Format: date
             */
            local_date: string;
            /**
             * Observed At
             * Format: date-time
             */
            observed_at: string;
            /** Round Number */
            round_number: number | null;
            /** Season */
            season: string;
            status: components["schemas"]["Status"];
            /** Time Set */
            time_set: boolean;
            /** Timezone */
            timezone: string;
            venue: components["schemas"]["MatchVenue"] | null;
        };
        /**
         * MatchState
         * @description A match's correctable fields as they stand, with its locks.
         */
        MatchState: {
            /** Away Score */
            away_score: number | null;
            /** Away Shootout */
            away_shootout: number | null;
            /** Home Score */
            home_score: number | null;
            /** Home Shootout */
            home_shootout: number | null;
            /** Id */
            id: number;
            /** Kick Off */
            kick_off: string | null;
            /**
             * Local Date
             * Format: date
             */
            local_date: string;
            /** Locks */
            locks: components["schemas"]["LockedField"][];
            status: components["schemas"]["Status"];
            /** Time Set */
            time_set: boolean;
        };
        /**
         * MatchSummary
         * @description What the database knows, for the agent's plan. `today` is the league's day (America/New_York).
         */
        MatchSummary: {
            /** Brackets */
            brackets: components["schemas"]["BracketSummary"][];
            /** Last Runs */
            last_runs: components["schemas"]["RunSummary"][];
            /** Season */
            season: string;
            /**
             * Today
             * Format: date
             */
            today: string;
        };
        /**
         * MatchTeam
         * @description One side of a match.
         */
        MatchTeam: {
            /** Club Id */
            club_id: number | null;
            /** Crest Url */
            crest_url: string | null;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Short Name */
            short_name: string | null;
        };
        /**
         * MatchVenue
         * @description Where a match is played.
         */
        MatchVenue: {
            /** Id */
            id: number;
            /** Name */
            name: string;
        };
        /**
         * Me
         * @description The account that a token belongs to, and what it may do.
         */
        Me: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "admin" | "manager" | "reader";
            /** Team Ids */
            team_ids: number[];
        };
        /**
         * MessageKind
         * @description What a message is about, as its field `kind` says. `ingest_batches.kind` holds the same words.
         * @enum {string}
         */
        MessageKind: "snapshot" | "batch" | "quality" | "run_report";
        /**
         * NewKey
         * @description A key with its secret: the only answer that ever has it.
         */
        NewKey: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Id */
            id: string;
            /** Key */
            key: string;
            /** Last Used At */
            last_used_at: string | null;
            /** Name */
            name: string;
            /** Revoked At */
            revoked_at: string | null;
            /** Scopes */
            scopes: string[];
        };
        /**
         * Official
         * @description A table beside the league's own of `as_of`. Ours is never rewritten to match.
         *
         *     `rows` have published values: `equal`; `pending`, where matches of the last 48 hours explain what differs; and
         *     `different`, which `differences` show.
         */
        Official: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Differences */
            differences: components["schemas"]["OfficialDifference"][];
            /** Different */
            different: number;
            /** Equal */
            equal: number;
            /** Pending */
            pending: number;
            /** Rows */
            rows: number;
        };
        /**
         * OfficialCheck
         * @description Our tables beside the league's own, over all brackets that have published values. `first`: differences, told.
         */
        OfficialCheck: {
            /** Between Brackets */
            between_brackets: components["schemas"]["RuleCheck"][];
            /** Brackets */
            brackets: number;
            /** Different */
            different: number;
            /** Equal */
            equal: number;
            /** First */
            first: string[];
            /** Pending */
            pending: number;
            /** Rows */
            rows: number;
        };
        /**
         * OfficialDifference
         * @description A row that differs from the league's own. `match_ids`: matches that could explain it.
         */
        OfficialDifference: {
            /** Match Ids */
            match_ids: number[];
            ours: components["schemas"]["OfficialRecord"];
            /** Team */
            team: string;
            /** Team Id */
            team_id: number;
            theirs: components["schemas"]["OfficialRecord"];
        };
        /**
         * OfficialRecord
         * @description A row as it adds up. `position` is null where the league lists none.
         */
        OfficialRecord: {
            /** Lost */
            lost: number;
            /** Played */
            played: number;
            /** Points */
            points: number;
            /** Position */
            position: number | null;
            /** Tied */
            tied: number;
            /** Won */
            won: number;
        };
        /**
         * OneMatchChances
         * @description Estimated chances of one match; `silent` and `reason` say why there are none.
         */
        OneMatchChances: {
            chances: components["schemas"]["MatchChances"] | null;
            /**
             * Estimate
             * @default true
             * @constant
             */
            estimate: true;
            /** Match Id */
            match_id: number;
            /** Reason */
            reason: string | null;
            /** Silent */
            silent: ("too_young" | "not_made_yet" | "no_matches" | "too_late") | null;
        };
        /**
         * Outlook
         * @description A bracket's outlook, in the table's order. Facts, no estimates.
         *
         *     `proved_at`: when its positions in reach were worked out, null while they are.
         */
        Outlook: {
            bracket: components["schemas"]["Bracket"];
            /** Proved At */
            proved_at: string | null;
            /** Teams */
            teams: components["schemas"]["TeamOutlook"][];
        };
        /** Page[Account] */
        Page_Account_: {
            /** Items */
            items: components["schemas"]["Account"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Alias] */
        Page_Alias_: {
            /** Items */
            items: components["schemas"]["Alias"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[AuditEntry] */
        Page_AuditEntry_: {
            /** Items */
            items: components["schemas"]["AuditEntry"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Bracket] */
        Page_Bracket_: {
            /** Items */
            items: components["schemas"]["Bracket"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Found] */
        Page_Found_: {
            /** Items */
            items: components["schemas"]["Found"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[MatchChange] */
        Page_MatchChange_: {
            /** Items */
            items: components["schemas"]["MatchChange"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[MatchConflict] */
        Page_MatchConflict_: {
            /** Items */
            items: components["schemas"]["MatchConflict"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Match] */
        Page_Match_: {
            /** Items */
            items: components["schemas"]["Match"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[QuarantinedMatch] */
        Page_QuarantinedMatch_: {
            /** Items */
            items: components["schemas"]["QuarantinedMatch"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Run] */
        Page_Run_: {
            /** Items */
            items: components["schemas"]["Run"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Season] */
        Page_Season_: {
            /** Items */
            items: components["schemas"]["Season"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[ShownKey] */
        Page_ShownKey_: {
            /** Items */
            items: components["schemas"]["ShownKey"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[SourceState] */
        Page_SourceState_: {
            /** Items */
            items: components["schemas"]["SourceState"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[StoredReceipt] */
        Page_StoredReceipt_: {
            /** Items */
            items: components["schemas"]["StoredReceipt"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[TeamHistory] */
        Page_TeamHistory_: {
            /** Items */
            items: components["schemas"]["TeamHistory"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * PositionChances
         * @description A team's chances of each position, first place first; they sum to 1 (rounded to four decimals).
         *
         *     `attack`, `defence`: ratings, 0 is the bracket's usual; more is better. `points_per_match`: the mean at the end.
         */
        PositionChances: {
            /** Attack */
            attack: number;
            /** Chances */
            chances: number[];
            /** Defence */
            defence: number;
            /** First */
            first: number;
            /** Points Per Match */
            points_per_match: number;
            /** Position */
            position: number;
            team: components["schemas"]["TableTeam"];
        };
        /**
         * Problem
         * @description Every error, as RFC 9457 has it (application/problem+json). `detail` says what happened and what to do.
         */
        Problem: {
            /** Detail */
            detail: string;
            /** Errors */
            errors?: components["schemas"]["FieldError"][];
            /** Instance */
            instance: string;
            /** Request Id */
            request_id: string;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @default about:blank
             */
            type: string;
        };
        /**
         * QuarantinedMatch
         * @description A match that was turned away, with its payload.
         */
        QuarantinedMatch: {
            /** Detail */
            detail: string;
            /** External Id */
            external_id: string | null;
            /**
             * First Seen At
             * Format: date-time
             */
            first_seen_at: string;
            /** Id */
            id: number;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Payload */
            payload: unknown;
            /** Reason */
            reason: string;
            /** Seen */
            seen: number;
            /** State */
            state: string;
            /** Target */
            target: string;
        };
        /**
         * Reachable
         * @description The positions that a team can still finish in, whatever happens in the matches left.
         *
         *     `exact`: results are known that lead to either end. Else the range is a bound, never too narrow.
         */
        Reachable: {
            /** Best */
            best: number;
            /** Exact */
            exact: boolean;
            /** Worst */
            worst: number;
        };
        /**
         * Receipt
         * @description What the database says of one message, after the commit. `state` `replayed`: the same message landed before.
         *
         *     `reason` is a word of a closed set and `detail` a sentence for a person, both of a refused message alone; until 1.1
         *     `reason` held the two, "word: sentence", and such a receipt is read as well.
         */
        Receipt: {
            /** By Target */
            by_target?: {
                [key: string]: components["schemas"]["Counts"];
            };
            /**
             * Committed At
             * Format: date-time
             */
            committed_at: string;
            /**
             * @default {
             *       "inserted": 0,
             *       "protected": 0,
             *       "rejected": 0,
             *       "unchanged": 0,
             *       "updated": 0
             *     }
             */
            counts: components["schemas"]["Counts"];
            /**
             * Detail
             * @default
             */
            detail: string;
            kind: components["schemas"]["MessageKind"];
            /** Message Id */
            message_id: string;
            reason?: components["schemas"]["Refusal"] | null;
            /**
             * Rejections
             * @default []
             */
            rejections: components["schemas"]["Rejection"][];
            /** Run Id */
            run_id: string;
            /** Snapshot Id */
            snapshot_id?: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "landed" | "replayed" | "refused";
        };
        /**
         * Refusal
         * @description Why a message was refused as a whole. `other`: a word of a newer version, whose sentence says the rest.
         * @enum {string}
         */
        Refusal: "malformed" | "schema_version" | "too_many" | "shrunk" | "ahead" | "other";
        /**
         * Rejection
         * @description A match that went to the quarantine. `reason` is a word of a closed set, `detail` a sentence for a person.
         *
         *     `home` and `away` are the teams' names, empty where the match does not say them (since 1.1).
         */
        Rejection: {
            /**
             * Away
             * @default
             */
            away: string;
            /** Detail */
            detail: string;
            /** External Id */
            external_id: string | null;
            /**
             * Home
             * @default
             */
            home: string;
            /** Reason */
            reason: string;
            /**
             * Target
             * @default
             */
            target: string;
        };
        /**
         * Renewal
         * @description The refresh token of a session; it is good once.
         */
        Renewal: {
            /** Refresh Token */
            refresh_token: string;
        };
        /**
         * Replayed
         * @description What became of a rejection that was tried again; `detail` says why it was rejected again, else nothing.
         */
        Replayed: {
            /** Detail */
            detail: string;
            /** Landed */
            landed: boolean;
            rejection: components["schemas"]["QuarantinedMatch"];
        };
        /**
         * Rule
         * @description What separates two teams, in the order in which it is asked.
         * @enum {string}
         */
        Rule: "points_per_match" | "head_to_head" | "wins_per_match" | "goal_difference_per_match" | "goals_for_per_match" | "away_goal_difference_per_match" | "away_goals_for_per_match" | "home_goal_difference_per_match" | "home_goals_for_per_match" | "published_order" | "name";
        /**
         * RuleCheck
         * @description What the official tables say of the rule about matches between brackets, of rows that have such matches.
         *
         *     `counted` is our rule; `contradicted` where more rows agree with the other one.
         */
        RuleCheck: {
            /** Contradicted */
            contradicted: boolean;
            /** Counted */
            counted: boolean;
            /** Equal Counted */
            equal_counted: number;
            /** Equal Not Counted */
            equal_not_counted: number;
            league: components["schemas"]["League"];
            /** Rows */
            rows: number;
        };
        /**
         * Run
         * @description A run as it ended. `tokens_in` = input + cache write + cache read; cost in millionths of a US dollar.
         *
         *     `budget` and `budget_used` are tokens of the gateway's session; `changes` what was new, `awaited` which scores were
         *     missing, in sentences; `rejections` the first of the matches that went into the quarantine; `official` how our
         *     tables compared with the league's own after it.
         */
        Run: {
            /** Awaited */
            awaited: string[];
            /** Budget */
            budget: number | null;
            /** Budget Used */
            budget_used: number | null;
            /** Changes */
            changes: string[];
            /** Cost Micro Usd */
            cost_micro_usd: number | null;
            /** Ended At */
            ended_at: string | null;
            /** Exit Code */
            exit_code: number | null;
            /** Model */
            model: string | null;
            official: components["schemas"]["OfficialCheck"] | null;
            /** Rejections */
            rejections: components["schemas"]["RunRejection"][];
            /** Run Id */
            run_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Targets */
            targets: components["schemas"]["RunTarget"][];
            /** Tokens In */
            tokens_in: number;
            /** Tokens Out */
            tokens_out: number;
            /** Warnings */
            warnings: string[];
        };
        /**
         * RunDetail
         * @description A run with the report as the agent sent it.
         */
        RunDetail: {
            /** Awaited */
            awaited: string[];
            /** Budget */
            budget: number | null;
            /** Budget Used */
            budget_used: number | null;
            /** Changes */
            changes: string[];
            /** Cost Micro Usd */
            cost_micro_usd: number | null;
            /** Ended At */
            ended_at: string | null;
            /** Exit Code */
            exit_code: number | null;
            /** Model */
            model: string | null;
            official: components["schemas"]["OfficialCheck"] | null;
            /** Rejections */
            rejections: components["schemas"]["RunRejection"][];
            /** Report */
            report: {
                [key: string]: unknown;
            };
            /** Run Id */
            run_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Targets */
            targets: components["schemas"]["RunTarget"][];
            /** Tokens In */
            tokens_in: number;
            /** Tokens Out */
            tokens_out: number;
            /** Warnings */
            warnings: string[];
        };
        /**
         * RunRejection
         * @description A match that a run sent into the quarantine; `home` and `away` are the teams' names, empty where it has none.
         */
        RunRejection: {
            /** Away */
            away: string;
            /** Detail */
            detail: string;
            /** External Id */
            external_id: string | null;
            /** Home */
            home: string;
            /** Reason */
            reason: string;
            /** Target */
            target: string;
        };
        /**
         * RunSummary
         * @description How a run ended.
         */
        RunSummary: {
            /** Ended At */
            ended_at: string | null;
            /** Exit Code */
            exit_code: number | null;
            /** Run Id */
            run_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
        };
        /**
         * RunTarget
         * @description One target of a run; counts are of matches. `planned` is null where nobody knew what to expect.
         */
        RunTarget: {
            /** Detail */
            detail?: string | null;
            /** Found */
            found: number;
            /** Inserted */
            inserted: number;
            /** Outcome */
            outcome?: string | null;
            /** Planned */
            planned: number | null;
            /** Protected */
            protected: number;
            /** Rejected */
            rejected: number;
            /** Target */
            target: string;
            /** Unchanged */
            unchanged: number;
            /** Updated */
            updated: number;
        };
        /**
         * ScheduleStrength
         * @description The opponents of some matches: the mean of their points per match today, a term a match; null without any.
         *
         *     `guests`: how many of the matches are against teams of other brackets, which are not in the mean.
         */
        ScheduleStrength: {
            /** Away */
            away: number;
            /** Guests */
            guests: number;
            /** Home */
            home: number;
            /** Opponents Points Per Match */
            opponents_points_per_match: number | null;
        };
        /**
         * ScoreInput
         * @description A score; a shoot-out comes whole or not at all.
         */
        ScoreInput: {
            /** Away */
            away: number;
            /** Away Shootout */
            away_shootout?: number | null;
            /** Home */
            home: number;
            /** Home Shootout */
            home_shootout?: number | null;
        };
        /**
         * Season
         * @description A season, 1 August to 31 July. `brackets`: how many tables it has here.
         */
        Season: {
            /** Brackets */
            brackets: number;
            /** Current */
            current: boolean;
            /**
             * First Day
             * Format: date
             */
            first_day: string;
            /**
             * Last Day
             * Format: date
             */
            last_day: string;
            /** Name */
            name: string;
        };
        /**
         * Session
         * @description A sign-in. `access_token` goes into `Authorization: Bearer` for `expires_in` seconds (until `expires_at`, in
         *     seconds since 1970); then the refresh token gives the next one.
         */
        Session: {
            /** Access Token */
            access_token: string;
            /** Expires At */
            expires_at: number;
            /** Expires In */
            expires_in: number;
            /** Refresh Token */
            refresh_token: string;
            /** Token Type */
            token_type: string;
        };
        /**
         * Settlement
         * @description How a conflict ends: our value is kept, or the source's is taken (and the field's lock goes).
         */
        Settlement: {
            /**
             * Settlement
             * @enum {string}
             */
            settlement: "kept" | "taken";
        };
        /**
         * ShownKey
         * @description A service key without its secret, of which only a hash is kept.
         */
        ShownKey: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Id */
            id: string;
            /** Last Used At */
            last_used_at: string | null;
            /** Name */
            name: string;
            /** Revoked At */
            revoked_at: string | null;
            /** Scopes */
            scopes: string[];
        };
        /**
         * Source
         * @description The platform that carried the data.
         * @enum {string}
         */
        Source: "assist" | "modular11";
        /**
         * SourceDocument
         * @description A document's validators as they were when its last part landed.
         */
        SourceDocument: {
            /** Etag */
            etag: string | null;
            /** Last Modified */
            last_modified: string | null;
            /** Path */
            path: string;
            /** Sha256 */
            sha256: string;
        };
        /**
         * SourceState
         * @description The last landed snapshot of a site's key. `scope`: external bracket ids that it submitted; null: all.
         */
        SourceState: {
            /** Documents */
            documents: components["schemas"]["SourceDocument"][];
            /** Key */
            key: string;
            /**
             * Landed At
             * Format: date-time
             */
            landed_at: string;
            league: components["schemas"]["League"];
            /** Matches */
            matches: number;
            /**
             * Observed At
             * Format: date-time
             */
            observed_at: string;
            /** Scope */
            scope: string[] | null;
            /** Scored */
            scored: number;
            /** Season */
            season: string;
            /** Site */
            site: string;
            /** Source */
            source: string;
        };
        /**
         * Split
         * @description Which matches of a team a table counts.
         * @enum {string}
         */
        Split: "all" | "home" | "away";
        /**
         * Status
         * @description Where a match stands. `tbd`: played, score not published yet. `forfeit` and `live` are set by a person.
         * @enum {string}
         */
        Status: "scheduled" | "live" | "tbd" | "completed" | "postponed" | "cancelled" | "forfeit";
        /**
         * StoredReceipt
         * @description What became of a message, as its sender was told. `part` of `parts`: of a document's batches.
         *
         *     `reason` and `detail` say why a message was refused; of one of before 1.2 they are made from its one sentence.
         */
        StoredReceipt: {
            /**
             * Committed At
             * Format: date-time
             */
            committed_at: string;
            /** Detail */
            detail: string;
            /** Inserted */
            inserted: number;
            kind: components["schemas"]["MessageKind"];
            /**
             * Message Id
             * Format: uuid
             */
            message_id: string;
            /** Part */
            part: number | null;
            /** Parts */
            parts: number | null;
            /** Protected */
            protected: number;
            reason: components["schemas"]["Refusal"] | null;
            /** Rejected */
            rejected: number;
            /**
             * Run Id
             * Format: uuid
             */
            run_id: string;
            /** Snapshot Id */
            snapshot_id: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "landed" | "refused";
            /** Unchanged */
            unchanged: number;
            /** Updated */
            updated: number;
        };
        /**
         * Streak
         * @description A team's runs. `result`: what the last `length` matches in a row were; null before the first match.
         *
         *     `unbeaten`, `winless`: matches in a row up to now; `most_wins`, `most_unbeaten`: the season's longest.
         */
        Streak: {
            /** Length */
            length: number;
            /** Most Unbeaten */
            most_unbeaten: number;
            /** Most Wins */
            most_wins: number;
            /** Result */
            result: ("W" | "T" | "L") | null;
            /** Unbeaten */
            unbeaten: number;
            /** Winless */
            winless: number;
        };
        /**
         * SupposedResult
         * @description A result that somebody supposes, for a match of the bracket. Both shoot-out fields or none: a draw in Flex may be
         *     decided by one, which gives 2 points and 1; without one it gives 1 each.
         */
        SupposedResult: {
            /** Away Score */
            away_score: number;
            /** Away Shootout */
            away_shootout?: number | null;
            /** Home Score */
            home_score: number;
            /** Home Shootout */
            home_shootout?: number | null;
            /** Match Id */
            match_id: number;
        };
        /**
         * Suppositions
         * @description What if these were the results?
         */
        Suppositions: {
            /** Results */
            results: components["schemas"]["SupposedResult"][];
        };
        /**
         * SurePlace
         * @description So many points from a team's matches left make `place` or better sure; null where even all of them do not.
         */
        SurePlace: {
            /** Place */
            place: number;
            /** Points */
            points: number | null;
        };
        /**
         * Table
         * @description A bracket's table, whole. `as_of`: the last local date whose matches count (null: all).
         *
         *     `official`: how it compares with the league's own; null where that has no values, and for a part of a season.
         */
        Table: {
            /** As Of */
            as_of: string | null;
            bracket: components["schemas"]["Bracket"];
            official?: components["schemas"]["Official"] | null;
            /** Rows */
            rows: components["schemas"]["TableRow"][];
            split: components["schemas"]["Split"];
        };
        /**
         * TableRow
         * @description A row. `previous_position`: before the latest match weekend; null before the first one is over.
         *
         *     `points_per_match` is rounded to four decimals for reading; the order is made from exact fractions.
         *     `form` is the last five, newest last. `separated_by` says why this team stands above the next row's.
         *     `shootouts_won` are matches of `tied` that penalties decided (Flex); the order counts them as wins.
         */
        TableRow: {
            /** Form */
            form: components["schemas"]["FormEntry"][];
            /** Goal Difference */
            goal_difference: number;
            /** Goals Against */
            goals_against: number;
            /** Goals For */
            goals_for: number;
            /** Lost */
            lost: number;
            /** Played */
            played: number;
            /** Points */
            points: number;
            /** Points Per Match */
            points_per_match: number;
            /** Position */
            position: number;
            /** Previous Position */
            previous_position: number | null;
            separated_by: components["schemas"]["Rule"] | null;
            /** Shootouts Won */
            shootouts_won: number;
            team: components["schemas"]["TableTeam"];
            /** Tied */
            tied: number;
            /** Won */
            won: number;
        };
        /**
         * TableTeam
         * @description A team as its standings document names it. `short_name` is a shorter one where somebody gave it one.
         */
        TableTeam: {
            /** Club Id */
            club_id: number | null;
            /** Crest Url */
            crest_url?: string | null;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Short Name */
            short_name: string | null;
        };
        /**
         * Team
         * @description A team of one season. It may stand in two brackets (a squad in League and in Flex, or in two conferences).
         */
        Team: {
            /** Age Group */
            age_group: string | null;
            club: components["schemas"]["TeamClub"] | null;
            /** Crest Url */
            crest_url: string | null;
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Season */
            season: string;
            /** Short Name */
            short_name: string | null;
            /** Standings */
            standings: components["schemas"]["TeamStanding"][];
        };
        /**
         * TeamClub
         * @description The club that a team belongs to.
         */
        TeamClub: {
            /** Id */
            id: number;
            /** Name */
            name: string;
        };
        /**
         * TeamHistory
         * @description A team's way through the season, for a chart.
         */
        TeamHistory: {
            /** Positions */
            positions: components["schemas"]["WeekendPosition"][];
            team: components["schemas"]["TableTeam"];
        };
        /**
         * TeamOutlook
         * @description A team's outlook. `reachable` is null while it is being worked out.
         *
         *     `to_secure`: what makes each place in reach sure, the best place first; empty while it is being worked out.
         *     `to_secure_first`: the same for first place alone, null where no points make it sure or where nothing is known yet.
         *     `lost`: places that are out of reach, the best first.
         */
        TeamOutlook: {
            /** Left */
            left: number;
            /** Lost */
            lost: components["schemas"]["LostPlace"][];
            /** Played */
            played: number;
            /** Position */
            position: number;
            reachable: components["schemas"]["Reachable"] | null;
            schedule_left: components["schemas"]["ScheduleStrength"];
            schedule_played: components["schemas"]["ScheduleStrength"];
            streak: components["schemas"]["Streak"];
            team: components["schemas"]["TableTeam"];
            /** To Secure */
            to_secure: components["schemas"]["SurePlace"][];
            /** To Secure First */
            to_secure_first: number | null;
        };
        /**
         * TeamStanding
         * @description A bracket that the team stands in, with its row there.
         */
        TeamStanding: {
            bracket: components["schemas"]["Bracket"];
            row: components["schemas"]["TableRow"];
        };
        /**
         * TeamWays
         * @description How a team can still finish at its best and at its worst position. Both null while that is being worked out.
         */
        TeamWays: {
            best: components["schemas"]["Way"] | null;
            /** Bracket Id */
            bracket_id: number;
            /** Proved At */
            proved_at: string | null;
            /** Team Id */
            team_id: number;
            worst: components["schemas"]["Way"] | null;
        };
        /**
         * Way
         * @description Results of every match left after which a team finishes at `position`.
         */
        Way: {
            /** Position */
            position: number;
            /** Results */
            results: components["schemas"]["WayResult"][];
        };
        /**
         * WayResult
         * @description A result that a way takes a match left to have. The shoot-out is null where there is none.
         */
        WayResult: {
            /** Away Score */
            away_score: number;
            /** Away Shootout */
            away_shootout: number | null;
            /** Home Score */
            home_score: number;
            /** Home Shootout */
            home_shootout: number | null;
            /** Match Id */
            match_id: number;
        };
        /**
         * WeekendPosition
         * @description Where a team stood once a match weekend was over (`last_day`: its Monday).
         */
        WeekendPosition: {
            /**
             * Last Day
             * Format: date
             */
            last_day: string;
            /** Position */
            position: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Renewal"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accounts: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Account_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keep_account: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountInput"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    aliases: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before. */
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Alias_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_alias: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AliasInput"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alias"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_alias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alias_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alias"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before. */
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditEntry_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    conflicts: {
        parameters: {
            query?: {
                open?: boolean;
                /** @description next_cursor of the page before. */
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MatchConflict_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    settle_conflict: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conflict_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Settlement"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchState"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ShownKey_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyInput"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShownKey"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    match_locks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                match_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchState"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    correct_match: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                match_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Correction"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchState"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unlock_match: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                match_id: number;
                field: components["schemas"]["LockedField"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchState"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    quarantine: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before. */
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_QuarantinedMatch_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rejection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rejection_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuarantinedMatch"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drop_rejection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rejection_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuarantinedMatch"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_rejection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rejection_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receipts: {
        parameters: {
            query?: {
                /** @description Only of this run. */
                run?: string | null;
                state?: ("landed" | "refused") | null;
                /** @description next_cursor of the page before. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_StoredReceipt_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    batch_receipt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    match_summary: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchSummary"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sources: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SourceState_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    brackets: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; where none is given the current one, or the newest before it that has tables. */
                season?: string | null;
                /** @description Homegrown, Academy or Flex. */
                league?: components["schemas"]["League"] | null;
                /** @description An age group such as U14. */
                age_group?: string | null;
                /** @description A division by its plain name or its slug. */
                division?: string | null;
                /** @description csv: the list as a spreadsheet. */
                format?: "json" | "csv";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Bracket_"];
                    "text/csv": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bracket"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_chances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BracketChances"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_grid: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Grid"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_history: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TeamHistory_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_matches: {
        parameters: {
            query?: {
                /** @description First local date. */
                from?: string | null;
                /** @description Last local date. */
                to?: string | null;
                /** @description May be repeated. */
                status?: components["schemas"]["Status"][] | null;
                /** @description At most 1000, 100 if not given. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string | null;
                /** @description csv: the list as a spreadsheet. */
                format?: "json" | "csv";
            };
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Match_"];
                    "text/csv": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_outlook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outlook"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_table: {
        parameters: {
            query?: {
                /** @description Only matches up to this local date. */
                as_of?: string | null;
                /** @description Only home or only away matches. */
                split?: components["schemas"]["Split"];
                /** @description csv: the list as a spreadsheet. */
                format?: "json" | "csv";
            };
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Table"];
                    "text/csv": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    team_ways: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamWays"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bracket_what_if: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Suppositions"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Table"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changes: {
        parameters: {
            query?: {
                /** @description Only what changed since then. */
                since?: string | null;
                /** @description At most 1000, 100 if not given. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MatchChange_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    club: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path: {
                club_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Club"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    club_calendar: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path: {
                club_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    embed_table: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bracket_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    embed_style: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description As the header Last-Event-ID. */
                last_event_id?: number | null;
                /** @description Only events of these brackets (may be repeated). */
                bracket?: number[] | null;
            };
            header?: {
                "Last-Event-ID"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forecast_score: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
                /** @description Homegrown, Academy or Flex. */
                league?: components["schemas"]["League"] | null;
                /** @description An age group such as U14. */
                age_group?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForecastScore"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freshness: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freshness"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    insights: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
                /** @description Any day of the weekend; the latest where none is given. */
                weekend?: string | null;
                /** @description Homegrown, Academy or Flex. */
                league?: components["schemas"]["League"] | null;
                /** @description An age group such as U14. */
                age_group?: string | null;
                /** @description At most so many of each kind. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Insights"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    score_live: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                match_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LiveScore"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchState"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    matches: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; where none is given the current one, or the newest before it that has tables. */
                season?: string | null;
                /** @description Homegrown, Academy or Flex. */
                league?: components["schemas"]["League"] | null;
                /** @description An age group such as U14. */
                age_group?: string | null;
                /** @description A division by its plain name or its slug. */
                division?: string | null;
                bracket?: number | null;
                team?: number | null;
                club?: number | null;
                /** @description First local date. */
                from?: string | null;
                /** @description Last local date. */
                to?: string | null;
                /** @description May be repeated. */
                status?: components["schemas"]["Status"][] | null;
                /** @description Part of a name. */
                q?: string | null;
                /** @description At most 1000; 100 if not given, as CSV all. */
                limit?: number | null;
                /** @description next_cursor of the page before. */
                cursor?: string | null;
                /** @description csv: the list as a spreadsheet. */
                format?: "json" | "csv";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Match_"];
                    "text/csv": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    match: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                match_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchDetail"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    match_chances: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                match_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneMatchChances"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    match_changes: {
        parameters: {
            query?: {
                /** @description At most 1000, 100 if not given. */
                limit?: number;
                /** @description next_cursor of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                match_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MatchChange_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    page_body: {
        parameters: {
            query?: {
                /** @description The page's address, such as /2026-27/homegrown/u14/northeast. */
                path?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    page_head: {
        parameters: {
            query?: {
                /** @description The page's address, such as /2026-27/homegrown/u14/northeast. */
                path?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Run_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /** @description What to look for. */
                q: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Found_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    seasons: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Season_"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    team: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path: {
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    team_calendar: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path: {
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    team_results: {
        parameters: {
            query?: {
                /** @description A season such as 2026-27; the current one where none is given. */
                season?: string | null;
            };
            header?: never;
            path: {
                team_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/atom+xml": string;
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_fresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Refused or failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
