// SPDX-License-Identifier: LGPL-2.1-or-later
//
// LiveKit's own React conference, as its documentation uses it: ?url=&token=

import '@livekit/components-styles';
import { LiveKitRoom, VideoConference } from '@livekit/components-react';
import { createRoot } from 'react-dom/client';

const query = new URLSearchParams(location.search);
createRoot(document.getElementById('app')).render(
  <LiveKitRoom serverUrl={query.get('url')} token={query.get('token')} connect video audio
    data-lk-theme="default" style={{ height: '100vh' }}>
    <VideoConference />
  </LiveKitRoom>,
);
