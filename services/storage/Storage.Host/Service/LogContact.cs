namespace Storage.Host.Service;

/// <summary>
/// Whether this replica still hears of the log. One that does not looks well to whoever only asks whether it lives, and would keep its subscribers waiting for results
/// and feeds that others have. Told by the apply loop; asked on any thread.
/// </summary>
internal sealed class LogContact(TimeProvider time)
{
    /// <summary>
    /// How long the log may be out of reach, and how long a tail must stand without an entry to count as contact: a client of consensus gives one up that is silent for
    /// less.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _opened;
    private bool _isOpen;

    // When the first of the tails broke that broke one after the other.
    private long? _lost;

    /// <summary>True while every tail breaks soon, and has for a while.</summary>
    public bool IsLost
    {
        get
        {
            lock (_gate)
                return _lost is { } lost && time.GetElapsedTime(lost) >= Limit && !HasStood;
        }
    }

    /// <summary>A tail is being opened.</summary>
    public void Opening()
    {
        lock (_gate)
            (_opened, _isOpen) = (time.GetTimestamp(), true);
    }

    /// <summary>Entries came.</summary>
    public void Heard()
    {
        lock (_gate)
            _lost = null;
    }

    /// <summary>The tail broke.</summary>
    public void Broke()
    {
        lock (_gate)
        {
            if (HasStood || _lost is null)
                _lost = time.GetTimestamp();
            _isOpen = false;
        }
    }

    private bool HasStood => _isOpen && time.GetElapsedTime(_opened) >= Limit;
}
