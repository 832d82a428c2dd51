using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Storage.Contracts;

namespace Storage.Host.Service;

/// <summary>Hands results to the subscribers of their sessions: one call per session and batch, on the apply thread.</summary>
internal sealed class ResultRouter
{
    private readonly ConcurrentDictionary<SessionId, Subscription> _sinks = new();

    // Owned by the apply thread; used only for batches that hold results of several sessions.
    private readonly Dictionary<SessionId, List<CommandResult>> _bySession = [];

    public IDisposable Subscribe(SessionId session, IResultSink sink)
    {
        var subscription = new Subscription(this, session, sink);
        _sinks[session] = subscription;
        return subscription;
    }

    public void Deliver(List<CommandResult> results)
    {
        if (results.Count == 0)
            return;
        var first = results[0].Session;
        if (results.TrueForAll(result => result.Session == first))
        {
            Deliver(first, CollectionsMarshal.AsSpan(results));
            return;
        }
        foreach (var result in results)
        {
            if (!_bySession.TryGetValue(result.Session, out var own))
                _bySession.Add(result.Session, own = []);
            own.Add(result);
        }
        foreach (var (session, own) in _bySession)
            Deliver(session, CollectionsMarshal.AsSpan(own));
        _bySession.Clear();
    }

    /// <summary>Tells every subscriber that no more results come.</summary>
    public void Break(string reason)
    {
        foreach (var (session, _) in _sinks)
        {
            if (_sinks.TryRemove(session, out var subscription))
                subscription.Sink.OnBroken(reason);
        }
    }

    private void Deliver(SessionId session, ReadOnlySpan<CommandResult> results)
    {
        if (_sinks.TryGetValue(session, out var subscription))
            subscription.Sink.OnResults(results);
    }

    private sealed class Subscription(ResultRouter owner, SessionId session, IResultSink sink) : IDisposable
    {
        public IResultSink Sink => sink;

        // A later subscription of the same session stays.
        public void Dispose() => owner._sinks.TryRemove(KeyValuePair.Create(session, this));
    }
}
