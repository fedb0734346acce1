// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Scripts that run in a page before anything else and decide which of the server's ICE candidates its
// RTCPeerConnections get to know. The client library stays as it is.

function patchCandidates({ udpPort, tcpOnly }) {
  const change = (line) => {
    const words = line.split(' ');
    const isUdp = words[2]?.toLowerCase() === 'udp';
    if (tcpOnly) return isUdp ? null : line;
    if (!isUdp) return null;
    words[5] = String(udpPort);
    return words.join(' ');
  };
  const changeSdp = (sdp) => sdp.split('\r\n')
    .map((line) => (line.startsWith('a=candidate:') ? change(line.slice(2)) && `a=${change(line.slice(2))}` : line))
    .filter((line) => line !== null).join('\r\n');

  const prototype = window.RTCPeerConnection.prototype;
  const { addIceCandidate, setRemoteDescription } = prototype;
  prototype.addIceCandidate = function add(init) {
    if (!init?.candidate) return addIceCandidate.call(this, init);
    const candidate = change(init.candidate);
    if (!candidate) return Promise.resolve();
    return addIceCandidate.call(this, { candidate, sdpMid: init.sdpMid, sdpMLineIndex: init.sdpMLineIndex });
  };
  prototype.setRemoteDescription = function set(description) {
    return setRemoteDescription.call(this, { type: description.type, sdp: changeSdp(description.sdp) });
  };
}

/** All UDP of the page goes to this port instead; TCP candidates are hidden. */
export const throughRelay = (udpPort) => ({ script: patchCandidates, argument: { udpPort } });

/** The page only learns of the server's TCP candidates. */
export const tcpOnly = () => ({ script: patchCandidates, argument: { tcpOnly: true } });
