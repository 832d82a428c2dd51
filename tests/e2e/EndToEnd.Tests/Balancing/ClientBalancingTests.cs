using System.Collections.Concurrent;
using System.Globalization;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using EndToEnd.Tests.Maintenance;
using Microsoft.Extensions.DependencyInjection;

namespace EndToEnd.Tests.Balancing;

/// <summary>
/// Goal: a client that spreads its calls over the members, and reads again elsewhere what one leaves unanswered as etcd's client does, does not notice that one is killed and comes back.
/// Method: three members, a channel with round_robin over them, readers that never stop.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class ClientBalancingTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int Members = 3, Readers = 4, MaxAttempts = 100;

    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<RpcException> _failures = [];
    private StandaloneMember[] _members = [];
    private long _reads;

    public Task InitializeAsync()
    {
        _members = StandaloneMember.Cluster(Members, _folder.Path);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Reads_WhileAMemberIsKilledAndComesBack_DoNotFail_AndReachAll()
    {
        foreach (var member in _members)
            member.Start();
        foreach (var member in _members)
            await member.AwaitHealthAsync();
        using (var client = new V3Client(_members[0].Client))
            await client.PutAsync("k", "v");
        var services = new ServiceCollection().AddSingleton<ResolverFactory>(new StaticResolverFactory(
            _ => [.. _members.Select(static member => new BalancerAddress(member.Client.Host, member.Client.Port))]));
        await using var provider = services.BuildServiceProvider();
        using var channel = GrpcChannel.ForAddress("static:///members", new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.Insecure,
            ServiceProvider = provider,
            MaxRetryAttempts = MaxAttempts,
            ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() }, MethodConfigs = { ReadAgain() } },
        });
        using var stopping = new CancellationTokenSource();
        var reading = Enumerable.Range(0, Readers).Select(_ => ReadAsync(channel, stopping.Token)).ToArray();
        await MoreReadsAsync(500);
        await Task.WhenAll(_members.Select(member => ReachedAsync(member, 50)));

        var killed = _members[^1];
        await killed.KillAsync();
        await MoreReadsAsync(500);
        killed.Start();
        await killed.AwaitHealthAsync();
        // It is asked again, without anybody having told the client.
        await ReachedAsync(killed, 50);
        await stopping.CancelAsync();
        await Task.WhenAll(reading);
        Assert.True(_failures.IsEmpty, $"{_failures.Count} of {_reads} reads failed: {_failures.FirstOrDefault()}");
    }

    // etcd's client reads again on UNAVAILABLE a hundred times, 25 ms apart and a little: for as long as it takes a lost member for ready, each attempt may go there.
    private static MethodConfig ReadAgain() => new()
    {
        Names = { new MethodName { Service = "etcdserverpb.KV", Method = "Range" } },
        RetryPolicy = new RetryPolicy
        {
            MaxAttempts = MaxAttempts, InitialBackoff = TimeSpan.FromMilliseconds(25), MaxBackoff = TimeSpan.FromMilliseconds(25), BackoffMultiplier = 1,
            RetryableStatusCodes = { StatusCode.Unavailable },
        },
    };

    private async Task ReadAsync(GrpcChannel channel, CancellationToken stopping)
    {
        var method = new Method<byte[], byte[]>(
            MethodType.Unary, "etcdserverpb.KV", "Range", Marshallers.Create(static bytes => bytes, static bytes => bytes), Marshallers.Create(static bytes => bytes, static bytes => bytes));
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8("k") }.ToByteArray();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var answer = await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)), request);
                Assert.Equal("v", RangeResponse.Parser.ParseFrom(answer).Kvs.Single().Value.ToStringUtf8());
                Interlocked.Increment(ref _reads);
            }
            catch (RpcException failure)
            {
                _failures.Enqueue(failure);
            }
        }
    }

    private Task MoreReadsAsync(long count)
    {
        var from = Interlocked.Read(ref _reads);
        return Poll.UntilAsync($"{count} more reads", TimeSpan.FromSeconds(60), () => Task.FromResult(Interlocked.Read(ref _reads) >= from + count));
    }

    private static async Task ReachedAsync(StandaloneMember member, int calls)
    {
        using var http = new HttpClient();
        await Poll.UntilAsync($"{calls} reads of {member.Client}", TimeSpan.FromSeconds(60), async () =>
        {
            var text = await http.GetStringAsync(new Uri(member.Client, "metrics"));
            var line = text.Split('\n').FirstOrDefault(static line => line.StartsWith("grpc_server_started_total{", StringComparison.Ordinal) && line.Contains("\"Range\"", StringComparison.Ordinal));
            return line is not null && double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture) >= calls;
        });
    }
}
