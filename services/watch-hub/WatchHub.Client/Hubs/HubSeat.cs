namespace WatchHub.Client.Hubs;

/// <summary>
/// One hub as the rules of placement see it: how good a place it is, and who is there. A session weighs one, and one more for each of its watches. Not thread-safe.
/// </summary>
internal sealed class HubSeat
{
    private readonly LinkedList<Guest> _staying = [];
    private readonly Dictionary<IHubSession, LinkedListNode<Guest>> _guests = [];
    private long _weight;

    public HubPlace Place { get; set; }

    /// <summary>Sessions that are being opened: they count already, so that many at once spread.</summary>
    public int Opening { get; set; }

    /// <summary>Sessions that stay.</summary>
    public int Staying => _staying.Count;

    /// <summary>Sessions, those included that were asked to leave.</summary>
    public int Sessions => _guests.Count;

    /// <summary>What it has to do for those who stay.</summary>
    public long Load => _weight + Opening;

    /// <summary>What those weigh who were asked to leave and are still here: it will be some other hub's.</summary>
    public long Leaving { get; private set; }

    public void Add(IHubSession session)
    {
        _guests.Add(session, _staying.AddLast(new Guest(session)));
        _weight++;
    }

    /// <summary>A session has ended; more than once is no matter.</summary>
    public void Remove(IHubSession session)
    {
        if (!_guests.Remove(session, out var node))
            return;
        Weigh(node.Value, -node.Value.Weight);
        node.List?.Remove(node);
    }

    /// <summary>A session has so many watches more; ignored after its end.</summary>
    public void Reweigh(IHubSession session, int watches)
    {
        if (_guests.TryGetValue(session, out var node))
            Weigh(node.Value, watches);
    }

    /// <summary>Asks the session that is here longest to leave, of those that weigh less than <paramref name="below"/>; false when there is none.</summary>
    public bool TryAskOne(long below, out long weight)
    {
        for (var node = _staying.First; node is not null; node = node.Next)
        {
            weight = node.Value.Weight;
            if (weight >= below)
                continue;
            _staying.Remove(node);
            _weight -= weight;
            Leaving += weight;
            node.Value.IsAsked = true;
            node.Value.Session.AskToLeave();
            return true;
        }
        weight = 0;
        return false;
    }

    private void Weigh(Guest guest, long difference)
    {
        guest.Weight += difference;
        if (guest.IsAsked)
            Leaving += difference;
        else
            _weight += difference;
    }

    private sealed class Guest(IHubSession session)
    {
        public IHubSession Session { get; } = session;

        public long Weight { get; set; } = 1;

        public bool IsAsked { get; set; }
    }
}
