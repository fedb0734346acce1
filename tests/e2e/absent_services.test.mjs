// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a LiveKit server answers whose egress, ingress and SIP services are not there: to each method of
// livekit-server-sdk, and so that a backend can tell it from a wrong key.

import './lib/web_crypto.mjs';

import assert from 'node:assert/strict';

import { StartEgressRequest } from '@livekit/protocol';
import {
  ConnectorClient, EgressClient, EncodedFileOutput, IngressClient, IngressInput, SipClient,
} from 'livekit-server-sdk';

import { kKey, kSecret } from './lib/daemon.mjs';
import { makeStage } from './lib/stage.mjs';

const stage = makeStage();
const kFile = { file: new EncodedFileOutput({ filepath: 'call.mp4' }) };
const kTrunk = { name: 'office', numbers: ['+1555'] };

// What each service says, and its methods with what they are asked.
const kServices = {
  'egress not connected (redis required)': [EgressClient, {
    startRoomCompositeEgress: ['room', kFile, { layout: 'grid' }],
    startWebEgress: ['https://example.com', kFile],
    startParticipantEgress: ['room', 'ada', kFile],
    startTrackCompositeEgress: ['room', kFile, { audioTrackId: 'TR_a', videoTrackId: 'TR_v' }],
    startTrackEgress: ['room', 'wss://example.com', 'TR_a'],
    startEgress: [new StartEgressRequest({ roomName: 'room' })],
    updateLayout: ['EG_1', 'speaker'],
    updateStream: ['EG_1', ['rtmp://example.com/live'], []],
    listEgress: [{ roomName: 'room' }],
    stopEgress: ['EG_1'],
  }],
  'ingress not connected (redis required)': [IngressClient, {
    createIngress: [IngressInput.WHIP_INPUT, { name: 'camera', roomName: 'room', participantIdentity: 'camera' }],
    updateIngress: ['IN_1', { name: 'camera' }],
    listIngress: [{ roomName: 'room' }],
    deleteIngress: ['IN_1'],
  }],
  'sip not connected (redis required)': [SipClient, {
    createSipInboundTrunk: ['office', ['+1555']],
    createSipOutboundTrunk: ['office', 'sip.example.com', ['+1555']],
    listSipTrunk: [],
    listSipInboundTrunk: [],
    listSipOutboundTrunk: [],
    deleteSipTrunk: ['ST_1'],
    createSipDispatchRule: [{ type: 'direct', roomName: 'room', pin: '' }],
    updateSipDispatchRule: ['SDR_1', { name: 'rule' }],
    updateSipDispatchRuleFields: ['SDR_1', { name: 'rule' }],
    updateSipInboundTrunk: ['ST_1', kTrunk],
    updateSipInboundTrunkFields: ['ST_1', { name: 'office' }],
    updateSipOutboundTrunk: ['ST_1', kTrunk],
    updateSipOutboundTrunkFields: ['ST_1', { name: 'office' }],
    listSipDispatchRule: [],
    deleteSipDispatchRule: ['SDR_1'],
    createSipParticipant: ['ST_1', '+1555', 'room'],
    transferSipParticipant: ['room', 'ada', 'tel:+1555'],
  }],
};

for (const [message, [Client, methods]] of Object.entries(kServices)) {
  stage.test(`${Client.name}: each method says "${message}"`, async (s) => {
    const client = new Client(s.daemon.http, kKey, kSecret);
    const stranger = new Client(s.daemon.http, kKey, 'the secret of somebody else, and long enough');
    for (const [method, given] of Object.entries(methods)) {
      await assert.rejects(client[method](...given), { status: 500, code: 'internal', message }, method);
      await assert.rejects(stranger[method](...given), { status: 401 }, method);
    }
  });
}

stage.test('ConnectorClient: each method says that there is none', async (s) => {
  const client = new ConnectorClient(s.daemon.http, kKey, kSecret);
  const call = { whatsappPhoneNumberId: '1', whatsappToPhoneNumber: '2', whatsappApiKey: 'k', whatsappCloudApiVersion: '23.0' };
  const sdp = { type: 'offer', sdp: 'v=0' };
  const methods = {
    dialWhatsAppCall: [call],
    acceptWhatsAppCall: [{ ...call, whatsappCallId: 'c', sdp }],
    connectWhatsAppCall: ['c', sdp],
    disconnectWhatsAppCall: ['c', 'k'],
    connectTwilioCall: [{ twilioCallDirection: 0, roomName: 'room', participantIdentity: 'ada' }],
  };
  for (const [method, given] of Object.entries(methods)) await assert.rejects(client[method](...given), { status: 404 }, method);
});
