// SPDX-License-Identifier: LGPL-2.1-or-later

/** For a page that joins: its browser knows nothing of this codec where the client offers. */
export const withoutCodec = (mimeType) => ({
  argument: mimeType,
  script: (unknown) => {
    const { addTransceiver } = window.RTCPeerConnection.prototype;
    window.RTCPeerConnection.prototype.addTransceiver = function add(what, init) {
      const transceiver = addTransceiver.call(this, what, init);
      const { codecs } = window.RTCRtpReceiver.getCapabilities(transceiver.receiver.track.kind);
      transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType !== unknown));
      return transceiver;
    };
  },
});
