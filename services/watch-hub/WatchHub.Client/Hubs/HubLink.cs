using Grpc.Core;
using Grpc.Net.Client;
using Liveness;
using WatchHub.Client.Sessions;
using WatchHub.Client.Wire;
using Rpc = WatchHub.Client.Wire.WatchHub;

namespace WatchHub.Client.Hubs;

/// <summary>
/// The way to one hub: a channel, and over it a stream on which the hub says that it lives. When the stream breaks or falls silent the channel goes, and every session on
/// it ends: a hub that is frozen or cut off is left by all at once.
/// </summary>
internal sealed class HubLink(string address, Func<string, GrpcChannel> connect, WatchHubClientOptions options, TimeProvider time, Action<HubLink> changed)
    : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private volatile GrpcChannel? _channel;

    public string Address => address;

    /// <summary>Of the hub, guarded by its owner's lock.</summary>
    public HubSeat Seat { get; } = new();

    /// <summary>What the hub said last; null while it says nothing.</summary>
    public HubState? State { get; private set; }

    /// <summary>It is among those that there are; owned by who looks.</summary>
    public bool IsListed { get; set; } = true;

    public bool IsEnded => _ended.IsCancellationRequested;

    /// <summary>Opens a session.</summary>
    /// <exception cref="RpcException">The hub cannot be reached, or refuses.</exception>
    /// <exception cref="ObjectDisposedException">It was lost meanwhile.</exception>
    public async ValueTask<AsyncDuplexStreamingCall<SessionRequest, SessionBatch>> OpenAsync(CancellationToken cancellation)
    {
        var channel = _channel ?? throw new RpcException(new Status(StatusCode.Unavailable, $"the hub at {address} is lost"));
        var call = new Rpc.WatchHubClient(channel).Session(cancellationToken: CancellationToken.None);
        try
        {
            // The hub answers with headers as soon as it has opened the session.
            await call.ResponseHeadersAsync.WaitAsync(cancellation).ConfigureAwait(false);
            return call;
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>Keeps calling the hub until disposed.</summary>
    public async Task RunAsync()
    {
        var wait = options.ReconnectMin;
        while (!IsEnded)
        {
            using (var channel = connect(address))
            {
                _channel = channel;
                if (await ListenAsync(channel).ConfigureAwait(false))
                    wait = options.ReconnectMin;
                _channel = null;
                Say(null);
            }
            await Task.Delay(wait, time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.ReconnectMax.Ticks));
        }
        _ended.Dispose();
    }

    /// <summary>Ends the calls, and with them the sessions.</summary>
    public void Dispose() => _ended.Cancel();

    /// <summary>Until it breaks; true when the hub was heard at all.</summary>
    private async Task<bool> ListenAsync(GrpcChannel channel)
    {
        var heard = false;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        var traffic = new CallTraffic();
        using var silence = new SilenceWatch(options.SilenceLimit, traffic, time, () => Cancel(either));
        try
        {
            var token = either.Token;
            using var call = traffic.Open(() => new Rpc.WatchHubClient(channel).Presence(new PresenceRequest(), cancellationToken: token));
            while (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                heard = true;
                silence.Heard();
                Say(call.ResponseStream.Current);
            }
        }
        catch (Exception lost) when (CallLoss.Is(lost))
        {
            // Its report is that the hub says nothing any more: sessions go elsewhere, and this calls again.
        }
        return heard;
    }

    private static void Cancel(CancellationTokenSource listening)
    {
        try
        {
            listening.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It broke in the same moment.
        }
    }

    private void Say(HubState? state)
    {
        if (Equals(state, State))
            return;
        State = state;
        changed(this);
    }
}
