// SPDX-License-Identifier: LGPL-2.1-or-later

/** How far back the charts go, in ms. */
export const kWindow = 5 * 60 * 1000;

/** Figures over time by name. What is not told any more is forgotten when its last point is too old. */
export class History {
  constructor() {
    this.series = new Map();
  }

  /** @param {number|null} value null: there was none at that time. */
  add(name, time, value) {
    if (!this.series.has(name)) this.series.set(name, []);
    this.series.get(name).push([time, value]);
  }

  expire(now) {
    for (const [name, points] of this.series) {
      while (points.length > 0 && points[0][0] < now - kWindow) points.shift();
      if (points.length === 0) this.series.delete(name);
    }
  }

  /** A counter, as it was at that time; what has been told already is left out. */
  addCount(name, time, value) {
    const last = this.series.get(name)?.at(-1);
    if (!last || time - last[0] > 200) this.add(name, time, value);
  }

  /** Bits per second of a counter of bytes, over the last `ms`. */
  rate(name, ms = 5000) {
    const points = this.points(name);
    const last = points.at(-1);
    const first = points.find(([time]) => time >= last[0] - ms - 200);
    return points.length > 1 && last[0] > first[0] ? Math.max(0, (8000 * (last[1] - first[1])) / (last[0] - first[0])) : 0;
  }

  points(name) {
    return this.series.get(name) ?? [];
  }

  /** The mean of the last `ms`. */
  mean(name, ms = 5000) {
    const points = this.points(name);
    const last = points.at(-1)?.[0] ?? 0;
    const recent = points.filter(([time, value]) => time > last - ms && value !== null);
    return recent.length === 0 ? 0 : recent.reduce((sum, [, value]) => sum + value, 0) / recent.length;
  }

  /** By how much a counter has grown in the last `ms`. */
  growth(name, ms = 10000) {
    const points = this.points(name);
    if (points.length < 2) return 0;
    const last = points.at(-1);
    const first = points.find(([time]) => time >= last[0] - ms);
    return Math.max(0, last[1] - first[1]);
  }
}

/** Takes down what one answer says of a room. */
export function recordRoom(history, { time, room, participants }) {
  history.add('received', time, room.bitrate_received);
  history.add('sent', time, room.bitrate_sent);
  for (const participant of participants) {
    const of = (what) => `${participant.identity}/${what}`;
    history.add(of('round_trip'), time, roundTrip(participant));
    const ageOf = (side) => participant.transports.find(({ role }) => role === side || role === 'both')?.age ?? 0;
    const [upAt, downAt] = [time - ageOf('publisher'), time - ageOf('subscriber')];
    const lost = { up: 0, down: 0 };
    const expected = { up: 0, down: 0 };
    for (const track of participant.tracks) {
      history.addCount(`${track.sid}/bytes`, upAt, track.bytes);
      for (const layer of track.layers ?? []) history.add(`${track.sid}/${layer.stream}/${layer.spatial}`, time, layer.bitrate);
      lost.up += track.packets_lost;
      expected.up += track.packets - track.retransmitted + track.packets_lost;
      history.add(`${track.sid}/lost`, time, track.packets_lost);
      history.add(`${track.sid}/expected`, time, track.packets - track.retransmitted + track.packets_lost);
    }
    for (const subscription of participant.subscriptions) {
      const one = of(subscription.track);
      history.addCount(`${one}/bytes`, downAt, subscription.bytes);
      history.add(`${one}/layer`, time, subscription.bitrate > 0 ? subscription.layer.spatial : null);
      history.add(`${one}/lost`, time, subscription.packets_lost);
      history.add(`${one}/expected`, time, subscription.packets);
      lost.down += subscription.packets_lost;
      expected.down += subscription.packets;
    }
    for (const way of ['up', 'down']) {
      history.add(of(`${way}/lost`), time, lost[way]);
      history.add(of(`${way}/expected`), time, expected[way]);
      history.add(of(`${way}/loss`), time, lossOf(history, of(way), 5000));
    }
  }
  history.expire(time);
}

/** Of what was expected in the last `ms`, 0 to 1. */
export function lossOf(history, name, ms = 10000) {
  const expected = history.growth(`${name}/expected`, ms);
  return expected > 0 ? Math.min(1, history.growth(`${name}/lost`, ms) / expected) : 0;
}

/** Of a participant's media, the longest of its connections; null where none is known. */
export function roundTrip(participant) {
  const known = participant.transports.map(({ round_trip: time }) => time).filter((time) => time !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
