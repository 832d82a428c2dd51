using System.Collections.Concurrent;

namespace Chaos.Tests.Harness.Network;

/// <summary>Which way a fault works, seen from the member it concerns.</summary>
[Flags]
public enum Direction
{
    Incoming = 1,
    Outgoing = 2,
    Both = Incoming | Outgoing,
}

/// <summary>
/// The network between the members: one link for each ordered pair. Every byte between two members goes through a <see cref="PeerProxy"/>, which asks here.
/// </summary>
/// <remarks>
/// A link carries bytes, not packets: a real network cut in one direction also loses that direction's acknowledgements, so that the other
/// direction stalls once the sender's window is full. That is left out.
/// </remarks>
public sealed class PeerNetwork
{
    private readonly ConcurrentDictionary<(int From, int To), Link> _links = new();
    private readonly ConcurrentDictionary<int, bool> _refusing = new();
    private readonly ConcurrentDictionary<ProxiedConnection, byte> _connections = new();
    private readonly int _members;

    public PeerNetwork(int members) => _members = members;

    /// <summary>What flows from one member to another.</summary>
    public Link Between(int from, int to) => _links.GetOrAdd((from, to), static _ => new Link());

    /// <summary>Cuts a member off: silently, as a network does. Connections stay, and carry nothing.</summary>
    public void Cut(int member, Direction direction)
    {
        foreach (var link in LinksOf(member, direction))
            link.Cut();
    }

    /// <summary>Cuts a member off with a bang: its connections are reset, and so is each new one.</summary>
    public void Reset(int member)
    {
        _refusing[member] = true;
        foreach (var connection in _connections.Keys.Where(c => c.Concerns(member)))
            connection.Reset();
    }

    /// <summary>What a member sends, and what it is sent, takes this much longer.</summary>
    public void Delay(int member, Direction direction, TimeSpan delay)
    {
        foreach (var link in LinksOf(member, direction))
            link.Delay = delay;
    }

    /// <summary>Undoes every fault.</summary>
    public void Heal()
    {
        _refusing.Clear();
        foreach (var link in _links.Values)
        {
            link.Delay = TimeSpan.Zero;
            link.Open();
        }
    }

    internal bool Refuses(int member) => _refusing.ContainsKey(member);

    internal void Register(ProxiedConnection connection) => _connections[connection] = 0;

    internal void Unregister(ProxiedConnection connection) => _connections.TryRemove(connection, out _);

    private IEnumerable<Link> LinksOf(int member, Direction direction)
    {
        foreach (var other in Enumerable.Range(0, _members).Where(m => m != member))
        {
            if (direction.HasFlag(Direction.Incoming))
                yield return Between(other, member);
            if (direction.HasFlag(Direction.Outgoing))
                yield return Between(member, other);
        }
    }
}
