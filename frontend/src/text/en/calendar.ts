// The menu of a calendar, and feeds.

export const calendar = {
  resultsOf: (name: string) => `Results of ${name}`,
  add: 'Add to calendar',
  subscribe: 'Subscribe on an iPhone, iPad or Mac',
  download: 'Download once (.ics)',
  address: 'Address for any other calendar',
  copy: 'Copy the address',
  copied: 'Address copied',
  notCopied: 'Select the address and copy it',
  google: 'In Google Calendar, paste it under “From URL”:',
  googlePage: 'open that page',
  lag: 'Google may show a change up to a day late, so check here before you leave.',
}
