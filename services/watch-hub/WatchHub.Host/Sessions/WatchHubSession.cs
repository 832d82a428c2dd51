using System.Runtime.CompilerServices;
using Storage.Contracts;
using WatchHub.Client.Sessions;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;
using WatchHub.Host.Spaces;

namespace WatchHub.Host.Sessions;

/// <summary>A session in this process: requests go to the hub of their key space, messages of both wait in one queue.</summary>
internal sealed class WatchHubSession(HubSpace v3, HubSpace v2, WatchHubOptions options, Action<WatchHubSession> closed) : IWatchSession
{
    private readonly MessageQueue<OutgoingMessage> _messages = new();
    private readonly RequestRoom _room = new(options.SessionRequests, options.SessionRequestBytes);

    // Touched by the owner of each core only.
    private HubSession? _inV3;
    private HubSession? _inV2;
    private int _ended;

    // What the reader took and has not reported yet. One reader, so no lock.
    private Taken _takenV3;
    private Taken _takenV2;

    public void Open(double jitter)
    {
        v3.Post(new HubInput(HubInputKind.Open) { Session = this, Jitter = jitter });
        v2.Post(new HubInput(HubInputKind.Open) { Session = this, Jitter = jitter });
    }

    public void Create(WatchSpec watch) =>
        Request(watch.Space, new HubInput(HubInputKind.Create) { Session = this, Spec = watch });

    /// <remarks>A cancel names the watch alone, so both cores hear of it; the one that does not know it ignores it.</remarks>
    public void Cancel(long watchId)
    {
        Request(KeySpace.V3, new HubInput(HubInputKind.Cancel) { Session = this, Number = watchId });
        Request(KeySpace.V2, new HubInput(HubInputKind.Cancel) { Session = this, Number = watchId });
    }

    /// <remarks>Speaks of v3 watches: revisions of the two key spaces cannot be compared, and v2 has no progress.</remarks>
    public void RequestProgress() => Request(KeySpace.V3, new HubInput(HubInputKind.Progress) { Session = this });

    public bool HasRoom => _room.HasRoom;

    public ValueTask WaitForRoomAsync(CancellationToken cancellation) => _room.WaitAsync(cancellation);

    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation) => _messages.WaitToReadAsync(cancellation);

    public int TryRead(Span<WatchMessage> messages)
    {
        var buffer = new Buffer();
        Span<OutgoingMessage> taken = buffer;
        var count = _messages.TryRead(taken[..Math.Min(taken.Length, messages.Length)]);
        for (var i = 0; i < count; i++)
        {
            ref readonly var outgoing = ref taken[i];
            messages[i] = outgoing.Message;
            ref var part = ref outgoing.Space == KeySpace.V3 ? ref _takenV3 : ref _takenV2;
            part.Messages++;
            part.Bytes += outgoing.ChargedBytes;
        }
        Report(v3, ref _takenV3);
        Report(v2, ref _takenV2);
        return count;
    }

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the session: its watches go, its reader gets what is queued and then false.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _messages.End();
        _room.End();
        v3.Post(new HubInput(HubInputKind.Close) { Session = this });
        v2.Post(new HubInput(HubInputKind.Close) { Session = this });
        closed(this);
    }

    internal void Attach(KeySpace space, HubSession session)
    {
        if (space == KeySpace.V3)
            _inV3 = session;
        else
            _inV2 = session;
    }

    internal HubSession In(KeySpace space) => (space == KeySpace.V3 ? _inV3 : _inV2)!;

    internal void RequestTaken(in HubInput request) => _room.Remove(BytesOf(request));

    internal void Deliver(ReadOnlySpan<OutgoingMessage> messages) => _messages.Append(messages);

    private void Request(KeySpace space, in HubInput input)
    {
        if (Volatile.Read(ref _ended) != 0)
            return;
        _room.Add(BytesOf(input));
        (space == KeySpace.V3 ? v3 : v2).Post(input);
    }

    private static long BytesOf(in HubInput request) => request.Spec is { } spec ? spec.Key.Length + spec.RangeEnd.Length : 0;

    // Room goes back in quarters. A watcher is Blocked only while the whole room is used up, so reading it all always crosses a quarter.
    private void Report(HubSpace space, ref Taken taken)
    {
        if (taken.Messages < (options.Limits.SessionMessages + 3) / 4 && taken.Bytes < options.Limits.SessionBytes / 4)
            return;
        space.Post(new HubInput(HubInputKind.Drained) { Session = this, Number = taken.Messages, Bytes = taken.Bytes });
        taken = default;
    }

    private record struct Taken(int Messages, long Bytes);

    // What one call takes from the queue at most: on the stack, 24 bytes each.
    [InlineArray(64)]
    private struct Buffer
    {
        private OutgoingMessage _first;
    }
}
