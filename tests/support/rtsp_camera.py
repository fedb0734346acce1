# SPDX-License-Identifier: LGPL-2.1-or-later
"""A camera for tests: rtsp_camera.py <line>

Serves `<line>`, in gst-launch syntax with payloaders pay0, pay1, ..., at rtsp://127.0.0.1:<port>/camera by GStreamer's
RTSP server, with the user "user" and the password "pass word". Prints the port, which is a free one.
"""

import sys

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main():
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address('127.0.0.1')
    server.set_service('0')

    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string('media.factory.role', 'user')
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic('user', 'pass word'), token)
    server.set_auth(auth)

    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f'( {sys.argv[1]} )')
    factory.set_shared(True)
    factory.add_role_from_structure(Gst.Structure.from_string(
        'user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true')[0])
    server.get_mount_points().add_factory('/camera', factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


main()
