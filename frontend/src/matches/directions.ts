// The way to a place, in whatever map the reader's device opens. A field's number after " - " means nothing to a map.

export function directionsTo(place: string): string {
  return `https://www.google.com/maps/dir/?api=1&destination=${encodeURIComponent(place.split(' - ')[0]?.trim() || place)}`
}
