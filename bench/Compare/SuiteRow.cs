using Bench.Workloads;

namespace Bench.Compare;

/// <summary>One line of the comparison.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Options">The load.</param>
/// <param name="Clients">Which members the clients are connected to.</param>
internal sealed record SuiteRow(string Name, LoadOptions Options, Placement Clients = Placement.AllMembers);

/// <summary>Which members of a deployment a load's connections go to.</summary>
internal enum Placement
{
    /// <summary>Spread over all in turn.</summary>
    AllMembers,

    /// <summary>All at the one that leads.</summary>
    Leader,

    /// <summary>All at one that does not lead.</summary>
    Follower,
}
