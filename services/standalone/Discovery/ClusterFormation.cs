using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Standalone.Discovery;

/// <summary>How a member registers and waits for the others, as etcd does: look, register, look again, wait.</summary>
internal sealed class ClusterFormation(IRegistry registry, string self, TimeProvider time, ILogger logger)
{
    // etcd: two seconds, doubled with each attempt, up to 2^8.
    private const int MostDoublings = 8;

    private int _attempts;

    /// <summary>The initial cluster, once all its members have registered.</summary>
    /// <param name="urls">"name=url[,name=url...]" of this member.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="DiscoveryFailure">There will be none with this member.</exception>
    public async Task<string> JoinAsync(string urls, CancellationToken cancellation)
    {
        await LookAsync(cancellation).ConfigureAwait(false);
        while (!await TryRegisterAsync(urls, cancellation).ConfigureAwait(false))
            await BackOffAsync("register self", cancellation).ConfigureAwait(false);
        return await WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<bool> TryRegisterAsync(string urls, CancellationToken cancellation)
    {
        try
        {
            await registry.RegisterAsync(self, urls, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (RegistryUnavailableException unavailable)
        {
            DiscoveryLog.Unavailable(logger, registry.Service, unavailable.Message);
            // Nobody knows whether it took effect, and who registers twice may be taken for another: as with etcd, this is the operator's to decide.
            return registry.RegistersOnce ? throw DiscoveryFailure.Refused(unavailable.Message) : false;
        }
    }

    private async Task<string> WaitAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var (members, size, position) = await LookAsync(cancellation).ConfigureAwait(false);
            foreach (var member in members)
                Tell(member);
            try
            {
                if (await AreAllThereAsync(members, size, position, cancellation).ConfigureAwait(false))
                    return FoundMembers.InitialCluster(members);
            }
            catch (RegistryUnavailableException)
            {
                await BackOffAsync("waiting for other nodes", cancellation).ConfigureAwait(false);
            }
        }
    }

    // False: the registry cannot say what came after the position, and is to be read anew.
    private async Task<bool> AreAllThereAsync(List<Registration> members, uint size, ulong position, CancellationToken cancellation)
    {
        if (members.Count < size)
        {
            DiscoveryLog.Waiting(logger, registry.Service, members.Count, size - members.Count);
            await foreach (var member in registry.FollowAsync(position, cancellation).ConfigureAwait(false))
            {
                if (members.Any(known => known.Id == member.Id))
                    continue;
                Tell(member);
                members.Add(member);
                if (members.Count == size)
                    break;
            }
        }
        if (members.Count < size)
            return false;
        DiscoveryLog.AllFound(logger, registry.Service, members.Count);
        return true;
    }

    private async Task<(List<Registration> Members, uint Size, ulong Position)> LookAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var size = FoundMembers.SizeOf(await registry.SizeAsync(cancellation).ConfigureAwait(false));
                var (members, position) = await registry.ListAsync(cancellation).ConfigureAwait(false);
                return (FoundMembers.FirstOf(members, size, self), size, position);
            }
            catch (RegistryUnavailableException unavailable)
            {
                DiscoveryLog.Unavailable(logger, registry.Service, unavailable.Message);
                await BackOffAsync("cluster status check", cancellation).ConfigureAwait(false);
            }
        }
    }

    private Task BackOffAsync(string reason, CancellationToken cancellation)
    {
        _attempts = Math.Min(_attempts + 1, MostDoublings);
        var seconds = 1 << _attempts;
        var backoff = string.Create(CultureInfo.InvariantCulture, $"{seconds}s");
        DiscoveryLog.Retrying(logger, registry.Service, reason, backoff);
        return Task.Delay(TimeSpan.FromSeconds(seconds), time, cancellation);
    }

    private void Tell(Registration member)
    {
        if (member.Id == self)
            DiscoveryLog.FoundSelf(logger, registry.Service, self);
        else
            DiscoveryLog.FoundPeer(logger, registry.Service, member.Id);
    }
}
