using Grpc.Core;
using Grpc.Net.Client;

namespace EndToEnd.Tests.Sidecars;

/// <summary>
/// Goal: a gateway whose hubs and lease managers are addressed by app ids serves as any other does, and its clients miss nothing when its sidecar restarts or a hub dies. Method: five processes, of which the gateway
/// knows these two only by way of <see cref="FakeSidecar"/>; real etcdctl.
/// </summary>
[Needs(Tool.Etcdctl)]
public sealed class AppIdTests(AppIdFixture fixture) : IClassFixture<AppIdFixture>
{
    [DeploymentFact]
    public async Task Clients_SidecarRestartsAndHubDies_MissNothingAndWritesGoOn()
    {
        var etcdctl = new Etcdctl(fixture.Deployment.Client);
        await using var watch = etcdctl.Start("watch", "--prefix", "--rev", "1", "k/");
        var lease = (await etcdctl.OutputAsync("lease", "grant", "600")).Split(' ')[1];
        for (var round = 0; round < 2; round++)
        {
            await PutAsync(3 * round);
            await ExpectAsync(3 * round);
            Assert.Contains("keepalived with TTL(600)", await etcdctl.OutputAsync("lease", "keep-alive", "--once", lease), StringComparison.Ordinal);
            Assert.Contains("granted with TTL(600s)", await etcdctl.OutputAsync("lease", "timetolive", lease), StringComparison.Ordinal);

            await fixture.Sidecar.KillAsync();
            // What is written does not pass the sidecar.
            await PutAsync((3 * round) + 1);
            await fixture.Sidecar.StartAsync();
            await PutAsync((3 * round) + 2);
            await ExpectAsync((3 * round) + 1);
            await ExpectAsync((3 * round) + 2);
        }

        fixture.Deployment.AddHub(fixture.SecondHub);
        await fixture.Sidecar.AwaitAnswerAsync("watch-hub-2/distributed.watchhub.v1.WatchHub/Presence");
        fixture.Deployment.Hub.Kill();
        await PutAsync(6);
        await ExpectAsync(6);
        Assert.Equal(
            [
                "lease-manager-1/distributed.leasemanager.v1.LeaseManager/KeepAlive", "lease-manager-1/distributed.leasemanager.v1.LeaseManager/TimeToLive",
                "watch-hub-1/distributed.watchhub.v1.WatchHub/Presence", "watch-hub-1/distributed.watchhub.v1.WatchHub/Session",
                "watch-hub-2/distributed.watchhub.v1.WatchHub/Presence", "watch-hub-2/distributed.watchhub.v1.WatchHub/Session",
            ],
            fixture.Sidecar.Answered.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(AppIdFixture.Token, fixture.Deployment.Log, StringComparison.Ordinal);
        // Whoever asks no store for secrets does without Dapr's library.
        Assert.DoesNotContain("Dapr.Client", await File.ReadAllTextAsync($"/proc/{fixture.Deployment.Gateway.Id}/maps"), StringComparison.Ordinal);

        async Task PutAsync(int n) => await etcdctl.OutputAsync("put", "k/" + n, "v" + n);

        async Task ExpectAsync(int n) => Assert.Equal(["PUT", "k/" + n, "v" + n], (string[])[await watch.ReadLineAsync(), await watch.ReadLineAsync(), await watch.ReadLineAsync()]);
    }

    /// <summary>The fake is as strict as what it stands for: otherwise the test above would show nothing.</summary>
    [DeploymentFact]
    public async Task Sidecar_RefusesWhatDaprRefuses()
    {
        using var channel = GrpcChannel.ForAddress(fixture.Sidecar.Address);
        Assert.Equal("missing api token in request metadata", await RefusalAsync([]));
        Assert.Equal("authentication error: api token mismatch", await RefusalAsync(new() { { "dapr-api-token", "another" } }));
        Assert.Equal("failed to proxy request: required metadata dapr-app-id not found", await RefusalAsync(new() { { "dapr-api-token", AppIdFixture.Token } }));
        Assert.Equal("no app nobody", await RefusalAsync(new() { { "dapr-api-token", AppIdFixture.Token }, { "dapr-app-id", "nobody" } }));
        Assert.Equal(
            "cannot use resiliency policies with retries on streaming RPCs", await RefusalAsync(new() { { "dapr-api-token", AppIdFixture.Token }, { "dapr-app-id", "watch-hub-1" } }));

        async Task<string> RefusalAsync(Metadata metadata)
        {
            var bytes = Marshallers.Create(static (byte[] message) => message, static message => message);
            var session = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "distributed.watchhub.v1.WatchHub", "Session", bytes, bytes);
            using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(session, null, new CallOptions(metadata, DateTime.UtcNow.AddSeconds(15)));
            try
            {
                await call.RequestStream.WriteAsync([]);
                await call.RequestStream.WriteAsync([]);
            }
            catch (Exception refused) when (refused is RpcException or InvalidOperationException)
            {
                // The answer says why.
            }
            try
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                }
                return "it ended well";
            }
            catch (RpcException refused)
            {
                return refused.Status.Detail;
            }
        }
    }
}
