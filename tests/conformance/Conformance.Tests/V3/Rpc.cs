using EtcdApi.Etcdserverpb;
using EtcdApi.V3Electionpb;
using EtcdApi.V3Lockpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Conformance.V3;

/// <summary>The public methods by their wire paths; payloads cross the wire as plain bytes.</summary>
internal static class Rpc
{
    public static readonly Unary<RangeRequest, RangeResponse> Range = new("etcdserverpb.KV", "Range", RangeResponse.Parser);
    public static readonly Unary<PutRequest, PutResponse> Put = new("etcdserverpb.KV", "Put", PutResponse.Parser);
    public static readonly Unary<DeleteRangeRequest, DeleteRangeResponse> Delete = new("etcdserverpb.KV", "DeleteRange", DeleteRangeResponse.Parser);
    public static readonly Unary<TxnRequest, TxnResponse> Txn = new("etcdserverpb.KV", "Txn", TxnResponse.Parser);
    public static readonly Unary<CompactionRequest, CompactionResponse> Compact = new("etcdserverpb.KV", "Compact", CompactionResponse.Parser);
    public static readonly Unary<LeaseGrantRequest, LeaseGrantResponse> LeaseGrant = new("etcdserverpb.Lease", "LeaseGrant", LeaseGrantResponse.Parser);
    public static readonly Unary<LeaseRevokeRequest, LeaseRevokeResponse> LeaseRevoke = new("etcdserverpb.Lease", "LeaseRevoke", LeaseRevokeResponse.Parser);
    public static readonly Unary<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> LeaseTimeToLive = new("etcdserverpb.Lease", "LeaseTimeToLive", LeaseTimeToLiveResponse.Parser);
    public static readonly Unary<LeaseLeasesRequest, LeaseLeasesResponse> LeaseLeases = new("etcdserverpb.Lease", "LeaseLeases", LeaseLeasesResponse.Parser);
    public static readonly Unary<MemberListRequest, MemberListResponse> MemberList = new("etcdserverpb.Cluster", "MemberList", MemberListResponse.Parser);
    public static readonly Unary<MemberAddRequest, MemberAddResponse> MemberAdd = new("etcdserverpb.Cluster", "MemberAdd", MemberAddResponse.Parser);
    public static readonly Unary<MemberRemoveRequest, MemberRemoveResponse> MemberRemove = new("etcdserverpb.Cluster", "MemberRemove", MemberRemoveResponse.Parser);
    public static readonly Unary<MemberPromoteRequest, MemberPromoteResponse> MemberPromote = new("etcdserverpb.Cluster", "MemberPromote", MemberPromoteResponse.Parser);
    public static readonly Unary<MoveLeaderRequest, MoveLeaderResponse> MoveLeader = new("etcdserverpb.Maintenance", "MoveLeader", MoveLeaderResponse.Parser);
    public static readonly Unary<StatusRequest, StatusResponse> Status = new("etcdserverpb.Maintenance", "Status", StatusResponse.Parser);
    public static readonly Unary<DowngradeRequest, DowngradeResponse> Downgrade = new("etcdserverpb.Maintenance", "Downgrade", DowngradeResponse.Parser);
    public static readonly Unary<AlarmRequest, AlarmResponse> Alarm = new("etcdserverpb.Maintenance", "Alarm", AlarmResponse.Parser);
    public static readonly Unary<HashKVRequest, HashKVResponse> HashKV = new("etcdserverpb.Maintenance", "HashKV", HashKVResponse.Parser);
    public static readonly Unary<AuthenticateRequest, AuthenticateResponse> Authenticate = new("etcdserverpb.Auth", "Authenticate", AuthenticateResponse.Parser);
    public static readonly Unary<AuthEnableRequest, AuthEnableResponse> AuthEnable = new("etcdserverpb.Auth", "AuthEnable", AuthEnableResponse.Parser);
    public static readonly Unary<AuthDisableRequest, AuthDisableResponse> AuthDisable = new("etcdserverpb.Auth", "AuthDisable", AuthDisableResponse.Parser);
    public static readonly Unary<AuthStatusRequest, AuthStatusResponse> AuthStatus = new("etcdserverpb.Auth", "AuthStatus", AuthStatusResponse.Parser);
    public static readonly Unary<AuthUserAddRequest, AuthUserAddResponse> UserAdd = new("etcdserverpb.Auth", "UserAdd", AuthUserAddResponse.Parser);
    public static readonly Unary<AuthUserGetRequest, AuthUserGetResponse> UserGet = new("etcdserverpb.Auth", "UserGet", AuthUserGetResponse.Parser);
    public static readonly Unary<AuthUserListRequest, AuthUserListResponse> UserList = new("etcdserverpb.Auth", "UserList", AuthUserListResponse.Parser);
    public static readonly Unary<AuthUserDeleteRequest, AuthUserDeleteResponse> UserDelete = new("etcdserverpb.Auth", "UserDelete", AuthUserDeleteResponse.Parser);
    public static readonly Unary<AuthUserChangePasswordRequest, AuthUserChangePasswordResponse> UserChangePassword = new("etcdserverpb.Auth", "UserChangePassword", AuthUserChangePasswordResponse.Parser);
    public static readonly Unary<AuthUserGrantRoleRequest, AuthUserGrantRoleResponse> UserGrantRole = new("etcdserverpb.Auth", "UserGrantRole", AuthUserGrantRoleResponse.Parser);
    public static readonly Unary<AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse> UserRevokeRole = new("etcdserverpb.Auth", "UserRevokeRole", AuthUserRevokeRoleResponse.Parser);
    public static readonly Unary<AuthRoleAddRequest, AuthRoleAddResponse> RoleAdd = new("etcdserverpb.Auth", "RoleAdd", AuthRoleAddResponse.Parser);
    public static readonly Unary<AuthRoleGetRequest, AuthRoleGetResponse> RoleGet = new("etcdserverpb.Auth", "RoleGet", AuthRoleGetResponse.Parser);
    public static readonly Unary<AuthRoleListRequest, AuthRoleListResponse> RoleList = new("etcdserverpb.Auth", "RoleList", AuthRoleListResponse.Parser);
    public static readonly Unary<AuthRoleDeleteRequest, AuthRoleDeleteResponse> RoleDelete = new("etcdserverpb.Auth", "RoleDelete", AuthRoleDeleteResponse.Parser);
    public static readonly Unary<AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse> RoleGrantPermission = new("etcdserverpb.Auth", "RoleGrantPermission", AuthRoleGrantPermissionResponse.Parser);
    public static readonly Unary<AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse> RoleRevokePermission = new("etcdserverpb.Auth", "RoleRevokePermission", AuthRoleRevokePermissionResponse.Parser);
    public static readonly Unary<DefragmentRequest, DefragmentResponse> Defragment = new("etcdserverpb.Maintenance", "Defragment", DefragmentResponse.Parser);
    public static readonly Unary<HashRequest, HashResponse> Hash = new("etcdserverpb.Maintenance", "Hash", HashResponse.Parser);
    public static readonly Unary<MemberUpdateRequest, MemberUpdateResponse> MemberUpdate = new("etcdserverpb.Cluster", "MemberUpdate", MemberUpdateResponse.Parser);

    public static readonly Unary<LockRequest, LockResponse> Lock = new("v3lockpb.Lock", "Lock", LockResponse.Parser);
    public static readonly Unary<UnlockRequest, UnlockResponse> Unlock = new("v3lockpb.Lock", "Unlock", UnlockResponse.Parser);
    public static readonly Unary<CampaignRequest, CampaignResponse> Campaign = new("v3electionpb.Election", "Campaign", CampaignResponse.Parser);
    public static readonly Unary<ProclaimRequest, ProclaimResponse> Proclaim = new("v3electionpb.Election", "Proclaim", ProclaimResponse.Parser);
    public static readonly Unary<LeaderRequest, LeaderResponse> Leader = new("v3electionpb.Election", "Leader", LeaderResponse.Parser);
    public static readonly Unary<ResignRequest, ResignResponse> Resign = new("v3electionpb.Election", "Resign", ResignResponse.Parser);

    private static readonly Marshaller<byte[]> s_bytes = new(static bytes => bytes, static bytes => bytes);

    public static Method<byte[], byte[]> Method(MethodType type, string service, string name) =>
        new(type, service, name, s_bytes, s_bytes);

    /// <summary>Calls without a transcript: for preparing a server.</summary>
    public static async Task<TResponse> CallAsync<TRequest, TResponse>(
        this Unary<TRequest, TResponse> rpc, GrpcChannel channel, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        rpc.Parser.ParseFrom(await SendAsync(channel, Method(MethodType.Unary, rpc.Service, rpc.Name), request.ToByteArray()));

    /// <summary>Sends one message as it is and returns the answer's bytes.</summary>
    public static async Task<byte[]> SendAsync(GrpcChannel channel, Method<byte[], byte[]> method, byte[] request, Metadata? metadata = null)
    {
        var options = new CallOptions(metadata, DateTime.UtcNow.AddSeconds(20));
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, request);
        return await call.ResponseAsync;
    }
}
