using Grpc.Core;
using WatchHub.Client;
using WatchHub.Client.Wire;
using WatchHub.Contracts;
using WireHub = WatchHub.Client.Wire.WatchHub;

namespace WatchHub.Host.Grpc;

/// <summary>The hub's gRPC binding: a stream is a session of the hub in this process.</summary>
internal sealed class WatchHubGrpcService(WatchHubService hub, HubPresence presence, WatchHubOptions options, TimeProvider time, ILogger<WatchHubGrpcService> logger)
    : WireHub.WatchHubBase
{
    // One write holds at most this much and one message more: it is copied into the connection's buffer, where it stays while the client reads nothing.
    private const int MaxBatchMessages = 4096;
    private const int MaxBatchBytes = 128 * 1024;

    public override async Task Presence(PresenceRequest request, IServerStreamWriter<HubState> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, presence.Ended);
        try
        {
            while (true)
            {
                var changed = presence.Changed;
                await responseStream.WriteAsync(new HubState { Following = hub.IsFollowing, Leaving = presence.IsLeaving }, ending.Token);
                await changed.WaitAsync(options.BeatInterval, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ending.Token.ThrowIfCancellationRequested();
            }
        }
        catch (Exception gone) when (ending.IsCancellationRequested && IsGone(gone))
        {
            // As with a session.
        }
    }

    public override async Task Session(
        IAsyncStreamReader<SessionRequest> requestStream, IServerStreamWriter<SessionBatch> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, presence.Ended);
        using var present = presence.Enter();
        await using var session = await hub.OpenSessionAsync(ending.Token);
        Log.SessionOpened(logger);
        var requests = TakeRequestsAsync(requestStream, session, ending.Token);
        try
        {
            await SendAsync(session, responseStream, ending.Token);
        }
        catch (Exception gone) when (ending.IsCancellationRequested && IsGone(gone))
        {
            // The client left, or this process is stopping: nobody is there to tell.
        }
        finally
        {
            await ending.CancelAsync();
            await requests;
        }
    }

    private static bool IsGone(Exception exception) => exception is OperationCanceledException or IOException or InvalidOperationException;

    private static async Task TakeRequestsAsync(
        IAsyncStreamReader<SessionRequest> requests, IWatchSession session, CancellationToken ending)
    {
        try
        {
            while (await requests.MoveNext(ending))
            {
                Take(requests.Current, session);
                // What waits meanwhile waits at the client.
                await session.WaitForRoomAsync(ending);
            }
            // A client that has nothing more to ask may go on listening.
        }
        catch (Exception) when (ending.IsCancellationRequested)
        {
            // The other half of the stream ended first.
        }
        catch (Exception lost) when (lost is IOException or OperationCanceledException or RpcException)
        {
            // The connection broke, or bytes came that are no request: ending the session ends the answers too.
            await session.DisposeAsync();
        }
    }

    private static void Take(SessionRequest request, IWatchSession session)
    {
        switch (request.RequestCase)
        {
            case SessionRequest.RequestOneofCase.Create:
                session.Create(WireMessages.FromWire(request.Create));
                break;
            case SessionRequest.RequestOneofCase.CancelWatchId:
                session.Cancel(request.CancelWatchId);
                break;
            case SessionRequest.RequestOneofCase.Progress:
                session.RequestProgress();
                break;
        }
    }

    private static async Task SendAsync(IWatchSession session, IServerStreamWriter<SessionBatch> responses, CancellationToken ending)
    {
        var batch = new SessionBatch();
        // The client waits for the headers: from here on the session exists. With a message, for there are proxies that keep headers back until there is one.
        await responses.WriteAsync(batch, ending);
        while (await session.WaitToReadAsync(ending))
        {
            Fill(batch, session);
            if (batch.Messages.Count > 0)
                await responses.WriteAsync(batch, ending);
            batch.Messages.Clear();
        }
    }

    // Whatever can be read now goes into one write. Events that are the same for several watches go once.
    private static void Fill(SessionBatch batch, IWatchSession session)
    {
        var bytes = 0;
        WatchMessage previous = default;
        Message? wire = null;
        for (var n = 0; n < MaxBatchMessages && bytes < MaxBatchBytes && session.TryRead(out var message); n++)
        {
            if (wire is not null && WireMessages.IsSameForAnotherWatch(previous, message))
            {
                wire.WatchIds.Add(message.WatchId);
                continue;
            }
            wire = WireMessages.ToWire(message);
            batch.Messages.Add(wire);
            bytes += message.Events.Length;
            previous = message;
        }
    }
}
