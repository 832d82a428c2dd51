using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Peers;
using Consensus.Host.Service;
using Hosting.Clients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Consensus.Tests.Service;

/// <summary>A member in this process with a peer port of its own on loopback. The port comes first: the others need its address.</summary>
internal sealed class TestMember : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ConsensusService? _service;

    private TestMember(string name, string directory, WebApplication app) => (Name, Directory, _app) = (name, directory, app);

    public string Name { get; }
    public string Directory { get; }
    public string Url => _app.Urls.First();

    /// <summary>Where the others dial it; its own port unless a link is in between.</summary>
    public string PeerUrl { get => field ?? Url; set; }
    public ConsensusService Service => _service ?? throw new InvalidOperationException($"{Name} is not started");

    /// <summary>Of which clusters those said they are who called over gRPC; "" of one that did not say.</summary>
    public ConcurrentQueue<string> Callers { get; } = new();

    /// <summary>The calls that hold connections to it, with the port of whoever made them; and a word of each that came or went.</summary>
    public ConcurrentDictionary<object, int> Held { get; } = new();

    /// <summary>From which ports proposals were handed on to it.</summary>
    public ConcurrentQueue<int> Forwarding { get; } = new();

    public Channel<bool> HeldChanges { get; } = Channel.CreateUnbounded<bool>();

    /// <summary>Completes when the cluster has told it that it is out.</summary>
    public Task Removed => _removed.Task;

    public static async Task<TestMember> OpenAsync(string name, string directory)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, port =>
        {
            port.Protocols = HttpProtocols.Http2;
            port.UseConsensusPeers();
        }));
        builder.Services.AddGrpc(grpc => { grpc.MaxReceiveMessageSize = null; grpc.MaxSendMessageSize = null; });
        TestMember member = null!;
        // Made at the first call, when the member has started; ends with the port.
        builder.Services.AddSingleton(_ => member.Service);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.ContentType is "application/grpc")
                member.Callers.Enqueue(context.Request.Headers[ClusterMark.Header].ToString());
            return next(context);
        });
        app.Use(async (context, next) =>
        {
            if (context.Request.Path.Value!.EndsWith("/Forward", StringComparison.Ordinal))
                member.Forwarding.Enqueue(context.Connection.RemotePort);
            if (!context.Request.Path.Value!.EndsWith("/Hold", StringComparison.Ordinal))
            {
                await next(context);
                return;
            }
            member.Held[context] = context.Connection.RemotePort;
            member.HeldChanges.Writer.TryWrite(true);
            try
            {
                await next(context);
            }
            finally
            {
                member.Held.TryRemove(context, out _);
                member.HeldChanges.Writer.TryWrite(true);
            }
        });
        app.UseClusterCheck();
        app.MapConsensusPeers("{}");
        member = new TestMember(name, directory, app);
        await app.StartAsync();
        return member;
    }

    public async Task StartAsync(IEnumerable<TestMember> initial, bool joins = false, string token = "test", TimeSpan? electionTimeout = null) =>
        _service = await ConsensusService.StartAsync(new ConsensusOptions
        {
            DataDirectory = Directory,
            Name = Name,
            PeerUrls = [PeerUrl],
            InitialCluster = string.Join(',', initial.Select(member => $"{member.Name}={member.PeerUrl}")),
            JoinsExisting = joins,
            Token = token,
            ElectionTimeout = electionTimeout ?? TimeSpan.FromSeconds(1),
            SegmentBytes = 64 * 1024,
            KeepEntries = 5,
            RecentBytes = 16 * 1024,
            AdvertiseClientUrls = [$"http://{Name}.example:2379"],
            // Connections in tests are young.
            StrictReconfigurationCheck = false,
            OnRemoved = () => _removed.TrySetResult(),
        });

    /// <summary>Waits until the member sees the cluster so.</summary>
    public async Task<ConsensusStatus> UntilAsync(Func<ConsensusStatus, bool> condition, CancellationToken deadline)
    {
        while (true)
        {
            var changed = Service.StatusChanged;
            if (condition(Service.Status))
                return Service.Status;
            await changed.WaitAsync(deadline);
        }
    }

    /// <summary>The member ends; its address answers nobody any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_service is { } service)
            await service.DisposeAsync();
    }
}
