using EtcdApi.Etcdserverpb;
using Conformance.V3;
using Grpc.Net.Client;

namespace Conformance.Harness;

/// <summary>A running server together with what identifies it, so that answers can be stripped of it.</summary>
internal sealed class Target : IAsyncDisposable
{
    public const string MemberName = "conformance";

    private readonly ServerProcess _server;

    private Target(ServerProcess server)
    {
        _server = server;
        Channel = GrpcChannel.ForAddress($"http://127.0.0.1:{server.ClientPort}", new GrpcChannelOptions
        {
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
            MaxRetryAttempts = null,
        });
    }

    public string Label => _server.Program.Label;

    /// <summary>Real etcd, on whichever side.</summary>
    public bool IsEtcd => _server.Program.IsEtcd;

    public int ClientPort => _server.ClientPort;

    public int PeerPort => _server.PeerPort;

    public GrpcChannel Channel { get; }

    public ulong ClusterId { get; private set; }

    public ulong MemberId { get; private set; }

    public string Log => _server.Log;

    public static async Task<Target> StartAsync(ServerProgram program)
    {
        var target = new Target(await ServerProcess.StartAsync(program));
        try
        {
            var status = await Rpc.Status.CallAsync(target.Channel, new StatusRequest());
            target.ClusterId = status.Header.ClusterId;
            target.MemberId = status.Header.MemberId;
            return target;
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _server.DisposeAsync();
    }
}
