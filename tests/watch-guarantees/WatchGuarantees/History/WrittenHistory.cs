namespace WatchGuarantees.History;

/// <summary>The truth: every revision with all its events, in the order in which its transaction made them.</summary>
public sealed class WrittenHistory
{
    private readonly List<IReadOnlyList<WatchEvent>> _revisions = [];
    private readonly Dictionary<string, KeyState> _now = [];

    /// <param name="first">The first revision that is known.</param>
    public WrittenHistory(long first = 2) => First = first;

    public long First { get; }

    /// <summary>The newest revision; one below <see cref="First"/> while there is none.</summary>
    public long Last => First + _revisions.Count - 1;

    /// <summary>The highest revision that was ever compacted; 0: none.</summary>
    public long Compacted { get; private set; }

    /// <summary>What a key holds now.</summary>
    public KeyState? this[string key] => _now.TryGetValue(key, out var state) ? state : null;

    /// <summary>Events of a revision; none when it is not known.</summary>
    public IReadOnlyList<WatchEvent> At(long revision) => revision < First || revision > Last ? [] : _revisions[(int)(revision - First)];

    /// <summary>Writes the next revision: keys with their new values, null deletes. A key comes at most once, and a deleted one is there.</summary>
    public IReadOnlyList<WatchEvent> Write(params IEnumerable<(string Key, string? Value)> changes)
    {
        var revision = Last + 1;
        var events = changes.Select(change => Change(revision, change.Key, change.Value)).ToList();
        foreach (var one in events)
            Remember(one);
        _revisions.Add(events);
        return events;
    }

    /// <summary>Adds the next revision as it was read back, and says what each of its keys held before.</summary>
    /// <exception cref="InvalidDataException">It is not the next, or it does not follow from what went before.</exception>
    public void Add(long revision, IEnumerable<WatchEvent> events)
    {
        if (revision != Last + 1)
            throw new InvalidDataException($"revision {revision} was read behind {Last}");
        var known = events.Select(one => one with { Previous = this[one.Key] }).ToList();
        foreach (var one in known)
        {
            var expected = Change(revision, one.Key, one.State?.Value);
            if (one != expected)
                throw new InvalidDataException($"read was {one}, but from what went before follows {expected}");
            Remember(one);
        }
        _revisions.Add(known);
    }

    /// <summary>Reads and watches below it are refused from here on.</summary>
    public void Compact(long revision) => Compacted = Math.Max(Compacted, revision);

    private WatchEvent Change(long revision, string key, string? value)
    {
        var before = this[key];
        KeyState? after = value is null ? null : new KeyState(value, before?.CreateRevision ?? revision, revision, (before?.Version ?? 0) + 1);
        return new WatchEvent(revision, key, after, before);
    }

    private void Remember(WatchEvent one)
    {
        if (one.State is { } state)
            _now[one.Key] = state;
        else
            _now.Remove(one.Key);
    }
}
