using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.Sessions;

/// <summary>One session as one core sees it: its watchers in this key space and the room left in its buffer.</summary>
public sealed class HubSession
{
    private const int KeptCapacity = 2048;

    private readonly KeySpace _space;
    private readonly List<OutgoingMessage> _staged = [];
    private readonly HubLimits _limits;
    private readonly List<HubSession> _dirty;
    private WatcherArray _blocked;
    private ReadOnlyMemory<byte> _lastEvents;
    private int _roomMessages;
    private long _roomBytes;

    internal HubSession(KeySpace space, HubLimits limits, List<HubSession> dirty, object? owner)
    {
        (_space, _limits, _dirty, Owner) = (space, limits, dirty, owner);
        (_roomMessages, _roomBytes) = (limits.SessionMessages, limits.SessionBytes);
    }

    /// <summary>Whatever the shell wants to find again.</summary>
    public object? Owner { get; }

    /// <summary>Messages produced since the shell last took them.</summary>
    public List<OutgoingMessage> Staged => _staged;

    /// <summary>The client asked on without reading, or named a watch twice: the shell must end the session.</summary>
    public bool IsFailed { get; internal set; }

    internal IdTable<Watcher> Watchers { get; } = new();
    internal ref WatcherArray Blocked => ref _blocked;

    // Watchers that are Unsynced or Blocked.
    internal int Behind { get; set; }
    internal bool ProgressWanted { get; set; }

    // The newest revision any of its watches has seen elsewhere: stream-wide progress never reports less.
    internal long MinRevision { get; set; }
    internal int ProgressWatchers { get; set; }
    internal TimeSpan ProgressInterval { get; init; }
    internal TimeSpan NextProgress { get; set; }
    internal bool IsClosed { get; set; }

    // Position in the core's list.
    internal int Slot { get; set; }

    internal bool HasRoom => _roomMessages > 0 && _roomBytes > 0;

    internal void Stage(in WatchMessage message)
    {
        if (_staged.Count == 0)
            _dirty.Add(this);
        var charge = message.Events.Equals(_lastEvents) ? 0 : message.Events.Length;
        _lastEvents = message.Events;
        _roomMessages--;
        _roomBytes -= charge;
        _staged.Add(new OutgoingMessage(message, charge, _space));
        if (_roomMessages < -_limits.SessionControlMessages)
            IsFailed = true;
    }

    /// <summary>The shell has taken what was staged.</summary>
    public void ClearStaged()
    {
        _staged.Clear();
        // After a burst, memory goes back: idle sessions are many.
        if (_staged.Capacity > KeptCapacity)
            _staged.Capacity = 0;
        _lastEvents = default;
    }

    internal void Return(int messages, long bytes)
    {
        _roomMessages += messages;
        _roomBytes += bytes;
        Invariant.Holds(_roomMessages <= _limits.SessionMessages && _roomBytes <= _limits.SessionBytes);
    }
}
