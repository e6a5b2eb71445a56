// How the tables are made.

export const about = {
  title: 'About: how these tables are made',
  heading: 'How these tables are made',
  description: 'Where the data comes from, how MLS NEXT tables are ordered, what is computed here and what is official.',
  intro: 'Missing Table shows the tables, schedules and results of MLS NEXT youth soccer, made to be read on a phone, and says how old they are.',
  fresh: 'See how fresh each competition is',
  parts: [
    {
      heading: 'Where the data comes from',
      lines: [
        'The league publishes schedules and results on mlssoccer.com. They are read once a day at 14:00 UTC, and on request. Nothing is added and nothing is guessed: a match that has been played but whose score is not published says “score awaited”.',
        'Kickoff times are shown in your own time zone; a match’s page also has the time at the venue. Where the league has set no time, the page says so.',
      ],
    },
    {
      heading: 'How teams are ranked',
      lines: ['A win is worth three points, a tie one. Teams have played different numbers of matches, so they are ranked by points per match. Ties in the table are broken by, in this order:'],
      list: [
        'the matches between them, if exactly two teams are level',
        'wins per match',
        'goal difference per match',
        'goals scored per match',
        'away goal difference, then away goals, per away match',
        'home goal difference, then home goals, per home match',
      ],
    },
    {
      heading: 'Penalties in Flex',
      lines: ['In the Flex competition a drawn match goes to penalties: two points for winning them, one for losing them. The match still counts as tied.'],
    },
    {
      heading: 'Official and computed',
      lines: [
        'Every table here is worked out from the published results by the league’s own rules.',
        'For U15 to U19 the league publishes values of its own. They are not copied here; while a score is being corrected they may differ. Those tables are labelled “by the official rules”.',
        'For U13 and U14 the league publishes no values. Those tables are labelled “computed table”.',
        'The matches of teams that the league leaves out of its standings still count for their opponents.',
      ],
    },
    {
      heading: 'Your privacy',
      lines: ['No account, no cookies, no tracking. The last table you looked at, the teams you follow and what you have seen of them are remembered on your device only.'],
    },
  ] as { heading: string; lines: string[]; list?: string[] }[],
}
