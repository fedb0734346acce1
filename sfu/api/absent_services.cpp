// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/absent_services.h"

#include "api/twirp.h"

namespace gstlk::api {
namespace {

using GrantCheck = bool (*)(const livekit::Grants& grants);

bool may_record(const livekit::Grants& grants) { return grants.video && grants.video->room_record; }
bool may_ingest(const livekit::Grants& grants) {
  return grants.video && grants.video->ingress_admin;
}
bool may_administer_sip(const livekit::Grants& grants) { return grants.sip && grants.sip->admin; }
bool may_call(const livekit::Grants& grants) { return grants.sip && grants.sip->call; }

struct AbsentMethod {
  const char* service;
  const char* method;
  GrantCheck check;
  const char* message;
};

constexpr char kNoEgress[] = "egress not connected (redis required)";
constexpr char kNoIngress[] = "ingress not connected (redis required)";
constexpr char kNoSip[] = "sip not connected (redis required)";

constexpr AbsentMethod kMethods[] = {
    {"Egress", "ListEgress", may_record, kNoEgress},
    {"Egress", "StartEgress", may_record, kNoEgress},
    {"Egress", "StartParticipantEgress", may_record, kNoEgress},
    {"Egress", "StartRoomCompositeEgress", may_record, kNoEgress},
    {"Egress", "StartTrackCompositeEgress", may_record, kNoEgress},
    {"Egress", "StartTrackEgress", may_record, kNoEgress},
    {"Egress", "StartWebEgress", may_record, kNoEgress},
    {"Egress", "StopEgress", may_record, kNoEgress},
    {"Egress", "UpdateLayout", may_record, kNoEgress},
    {"Egress", "UpdateStream", may_record, kNoEgress},
    {"Ingress", "CreateIngress", may_ingest, kNoIngress},
    {"Ingress", "DeleteIngress", may_ingest, kNoIngress},
    {"Ingress", "ListIngress", may_ingest, kNoIngress},
    {"Ingress", "UpdateIngress", may_ingest, kNoIngress},
    {"SIP", "CreateSIPDispatchRule", may_administer_sip, kNoSip},
    {"SIP", "CreateSIPInboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "CreateSIPOutboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "CreateSIPParticipant", may_call, kNoSip},
    {"SIP", "DeleteSIPDispatchRule", may_administer_sip, kNoSip},
    {"SIP", "DeleteSIPTrunk", may_administer_sip, kNoSip},
    {"SIP", "GetSIPInboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "GetSIPOutboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "ListSIPDispatchRule", may_administer_sip, kNoSip},
    {"SIP", "ListSIPInboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "ListSIPOutboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "ListSIPTrunk", may_administer_sip, kNoSip},
    {"SIP", "TransferSIPParticipant", may_call, kNoSip},
    {"SIP", "UpdateSIPDispatchRule", may_administer_sip, kNoSip},
    {"SIP", "UpdateSIPInboundTrunk", may_administer_sip, kNoSip},
    {"SIP", "UpdateSIPOutboundTrunk", may_administer_sip, kNoSip},
};

}  // namespace

void add_absent_services(TwirpServer& server) {
  for (const AbsentMethod& absent : kMethods) {
    server.add_method(absent.service, absent.method,
                      [&absent](const livekit::Grants& grants, const net::HttpRequest&,
                                const net::HttpReply& reply) {
                        reply(TwirpServer::write_error(
                            absent.check(grants) ? TwirpError{TwirpCode::Internal, absent.message}
                                                 : permissions_denied().error));
                      });
  }
}

}  // namespace gstlk::api
