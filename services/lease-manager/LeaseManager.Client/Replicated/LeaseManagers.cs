using Grpc.Net.Client;
using LeaseManager.Client.Routing;
using LeaseManager.Contracts;

namespace LeaseManager.Client.Replicated;

/// <summary>The lease managers that a configuration names.</summary>
public static class LeaseManagers
{
    /// <summary>A client of one manager, or one that finds the active of several.</summary>
    /// <param name="addresses">As <see cref="ManagerAddresses.Parse"/> takes them.</param>
    /// <param name="channel">Makes the channel to one address; the client disposes it.</param>
    /// <exception cref="FormatException">No such addresses.</exception>
    public static ILeaseManager Connect(string addresses, Func<string, GrpcChannel> channel)
    {
        var managers = ManagerAddresses.Parse(addresses);
        var options = new RoutedLeaseManagerOptions();
        return managers.Single is { } only
            ? new LeaseManagerClient(channel(only))
            : new ReplicatedLeaseManager(managers.ResolveAsync, address => new LeaseManagerClient(channel(address), options.Attempt), options);
    }
}
