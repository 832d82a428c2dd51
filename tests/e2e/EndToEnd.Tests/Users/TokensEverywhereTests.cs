using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EndToEnd.Tests.Users;

/// <summary>
/// Goal: a token is as good at any gateway as at the one that issued it, and ends everywhere at once. Method: two gateways of a cluster of processes; each step is answered
/// by one of them and felt at the other.
/// </summary>
[Collection(ClusterProcessesTests.Name)]
public sealed class TokensEverywhereTests(ClusterProcessesFixture fixture)
{
    [DeploymentFact]
    public async Task Token_OfOneGateway_IsGoodAtTheOtherUntilItEndsThere()
    {
        var deployment = (ClusterProcessesDeployment)fixture.Deployment;
        using var here = new UserClient(deployment.Client);
        using var there = new UserClient(deployment.OtherClient);
        await here.CallAsync("UserAdd", new AuthUserAddRequest { Name = "root", Password = "rp" });
        await here.CallAsync("UserGrantRole", new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        await here.CallAsync("UserAdd", new AuthUserAddRequest { Name = "ann", Password = "ap" });
        await here.CallAsync("UserGrantRole", new AuthUserGrantRoleRequest { User = "ann", Role = "root" });
        await here.CallAsync("AuthEnable", new AuthEnableRequest());
        var root = await here.LogInAsync("root", "rp");
        try
        {
            Assert.Equal(StatusCode.InvalidArgument, await there.GetAsync(null));
            Assert.Equal(StatusCode.OK, await there.GetAsync(root));
            var ann = await there.LogInAsync("ann", "ap");
            Assert.Equal(StatusCode.OK, await here.GetAsync(ann));
            Assert.Equal(StatusCode.OK, await there.GetAsync(ann));

            // The other gateway remembers the token as good; what it is not told of, storage refuses.
            await here.CallAsync("UserRevokeRole", new AuthUserRevokeRoleRequest { Name = "ann", Role = "root" }, root);
            Assert.Equal(StatusCode.PermissionDenied, await there.GetAsync(ann));
            await there.CallAsync("UserGrantRole", new AuthUserGrantRoleRequest { User = "ann", Role = "root" }, root);
            Assert.Equal(StatusCode.OK, await here.GetAsync(ann));

            await here.CallAsync("UserChangePassword", new AuthUserChangePasswordRequest { Name = "ann", Password = "new" }, root);
            Assert.Equal(StatusCode.Unauthenticated, await there.GetAsync(ann));
            Assert.Equal(StatusCode.Unauthenticated, await here.GetAsync(ann));
            ann = await here.LogInAsync("ann", "new");
            Assert.Equal(StatusCode.OK, await there.GetAsync(ann));
            await there.CallAsync("UserDelete", new AuthUserDeleteRequest { Name = "ann" }, root);
            Assert.Equal(StatusCode.Unauthenticated, await here.GetAsync(ann));
        }
        finally
        {
            await there.CallAsync("AuthDisable", new AuthDisableRequest(), root);
            await here.CallAsync("UserDelete", new AuthUserDeleteRequest { Name = "root" });
        }
        Assert.Equal(StatusCode.OK, await here.GetAsync(null));
    }

    /// <summary>Calls with a token.</summary>
    private sealed class UserClient(Uri server) : IDisposable
    {
        private readonly GrpcChannel _channel = GrpcChannel.ForAddress(server);

        public async Task<string> LogInAsync(string user, string password) => AuthenticateResponse.Parser.ParseFrom(
            await CallAsync("Authenticate", new AuthenticateRequest { Name = user, Password = password })).Token;

        public Task<byte[]> CallAsync(string method, IMessage request, string? token = null) => CallAsync("etcdserverpb.Auth", method, request, token);

        public async Task<StatusCode> GetAsync(string? token)
        {
            try
            {
                await CallAsync("etcdserverpb.KV", "Range", new RangeRequest { Key = ByteString.CopyFromUtf8("k") }, token);
                return StatusCode.OK;
            }
            catch (RpcException refused)
            {
                return refused.StatusCode;
            }
        }

        public void Dispose() => _channel.Dispose();

        private async Task<byte[]> CallAsync(string service, string method, IMessage request, string? token)
        {
            var bytes = Marshallers.Create(static (byte[] value) => value, static value => value);
            var headers = token is null ? null : new Metadata { { "token", token } };
            return await _channel.CreateCallInvoker().AsyncUnaryCall(
                new Method<byte[], byte[]>(MethodType.Unary, service, method, bytes, bytes), null,
                new CallOptions(headers, DateTime.UtcNow.AddSeconds(30)), request.ToByteArray());
        }
    }
}
