#include "service/rpc/channelz_service.h"

#include <google/protobuf/util/json_util.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpc/channelz/v1/channelz.grpc.pb.h"

namespace mutexd::rpc {

namespace channelz = grpc::channelz::v1;

// Answers are made at once, so no call is ever under way.
class ChannelzService::Impl final : public AsyncService,
                                    public channelz::Channelz::CallbackService {
 public:
  grpc::Service& service() override { return *this; }
  void Serve(CallSource&) override {}

 private:
  using Reactor = grpc::ServerUnaryReactor;
  using Context = grpc::CallbackServerContext;

  Reactor* GetTopChannels(Context* context, const channelz::GetTopChannelsRequest* request,
                          channelz::GetTopChannelsResponse* response) override {
    return Answer(context, grpc_channelz_get_top_channels(request->start_channel_id()), "channels",
                  request->start_channel_id(), response);
  }
  Reactor* GetServers(Context* context, const channelz::GetServersRequest* request,
                      channelz::GetServersResponse* response) override {
    return Answer(context, grpc_channelz_get_servers(request->start_server_id()), "servers",
                  request->start_server_id(), response);
  }
  Reactor* GetServer(Context* context, const channelz::GetServerRequest* request,
                     channelz::GetServerResponse* response) override {
    return Answer(context, grpc_channelz_get_server(request->server_id()), "server",
                  request->server_id(), response);
  }
  Reactor* GetServerSockets(Context* context, const channelz::GetServerSocketsRequest* request,
                            channelz::GetServerSocketsResponse* response) override {
    return Answer(context,
                  grpc_channelz_get_server_sockets(request->server_id(), request->start_socket_id(),
                                                   request->max_results()),
                  "server", request->server_id(), response);
  }
  Reactor* GetChannel(Context* context, const channelz::GetChannelRequest* request,
                      channelz::GetChannelResponse* response) override {
    return Answer(context, grpc_channelz_get_channel(request->channel_id()), "channel",
                  request->channel_id(), response);
  }
  Reactor* GetSubchannel(Context* context, const channelz::GetSubchannelRequest* request,
                         channelz::GetSubchannelResponse* response) override {
    return Answer(context, grpc_channelz_get_subchannel(request->subchannel_id()), "subchannel",
                  request->subchannel_id(), response);
  }
  Reactor* GetSocket(Context* context, const channelz::GetSocketRequest* request,
                     channelz::GetSocketResponse* response) override {
    return Answer(context, grpc_channelz_get_socket(request->socket_id()), "socket",
                  request->socket_id(), response);
  }

  // `json` is gRPC's answer, in protobuf's JSON mapping, or null.
  static Reactor* Answer(Context* context, char* json, absl::string_view what, std::int64_t id,
                         google::protobuf::Message* response) {
    Reactor* const reactor = context->DefaultReactor();
    if (json == nullptr) {
      reactor->Finish({grpc::StatusCode::NOT_FOUND, absl::StrCat("there is no ", what, " ", id)});
      return reactor;
    }
    const std::unique_ptr<char, decltype(&gpr_free)> owner(json, gpr_free);
    const auto read = google::protobuf::util::JsonStringToMessage(json, response);
    reactor->Finish(read.ok() ? grpc::Status::OK
                              : grpc::Status(grpc::StatusCode::INTERNAL, read.ToString()));
    return reactor;
  }
};

ChannelzService::ChannelzService() : impl_(std::make_unique<Impl>()) {}
ChannelzService::~ChannelzService() = default;

AsyncService& ChannelzService::service() { return *impl_; }

}  // namespace mutexd::rpc
