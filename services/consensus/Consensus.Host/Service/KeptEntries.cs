using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>Which entries storage replicas that receive a state will ask for next. For the log thread.</summary>
/// <param name="keepTime">How long a word counts.</param>
/// <param name="time">Its clock.</param>
internal sealed class KeptEntries(TimeSpan keepTime, TimeProvider time)
{
    private readonly Dictionary<string, (LogIndex After, long Said)> _kept = new(StringComparer.Ordinal);

    /// <summary>A replica will go on after an index; its newest word counts.</summary>
    public void Keep(string storageReplica, LogIndex after)
    {
        Forget();
        _kept[storageReplica] = (after, time.GetTimestamp());
    }

    /// <summary>How far entries may be dropped that would be dropped through <paramref name="limit"/> otherwise.</summary>
    public LogIndex Bound(LogIndex limit)
    {
        Forget();
        foreach (var (after, _) in _kept.Values)
            limit = after < limit ? after : limit;
        return limit;
    }

    private void Forget()
    {
        foreach (var (replica, (_, said)) in _kept)
        {
            if (time.GetElapsedTime(said) >= keepTime)
                _kept.Remove(replica);
        }
    }
}
