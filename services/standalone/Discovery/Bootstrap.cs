using Consensus.Host;
using Consensus.Host.Identity;
using Microsoft.Extensions.Logging;
using Standalone.Member;
using HostDirectory = Consensus.Host.Identity.DataDirectory;

namespace Standalone.Discovery;

/// <summary>The step before a first start at which a member that was told to finds out who the others are.</summary>
internal static class Bootstrap
{
    /// <summary>The options with the initial cluster that was found; as they are when there is none to find.</summary>
    /// <exception cref="StartRefusedException">None was found.</exception>
    public static MemberOptions Discover(MemberOptions options, ILogger logger)
    {
        if (options.Discovery is not { } discovery)
            return options;
        if (HostDirectory.HasLog(options.ConsensusDir))
        {
            DiscoveryLog.Ignored(logger, options.ConsensusDir);
            return options;
        }
        if (discovery is SrvDiscoveryOptions srv)
            return ByDns(options, srv, new SrvCluster(DnsLookup.OfTheSystem(), logger));
        if (options.JoinsExisting)
            throw StartRefusedException.Discovery("discovery URL should not be set when joining existing initial cluster");
        return discovery switch
        {
            V2DiscoveryOptions v2 => ByRegistry(options, v2.Url, v2.FallsBackToProxy, () => V2Registry.At(v2), logger),
            V3DiscoveryOptions v3 => ByRegistry(options, v3.Token, fallsBackToProxy: false, () => V3Registry.At(v3, logger), logger),
            _ => throw new InvalidOperationException($"no such discovery: {discovery}"),
        };
    }

    /// <summary>The options with the initial cluster that DNS knows of.</summary>
    /// <exception cref="StartRefusedException">It knows of none with this member.</exception>
    internal static MemberOptions ByDns(MemberOptions options, SrvDiscoveryOptions srv, SrvCluster dns)
    {
        var initialCluster = dns.FindAsync(srv, options.Name, options.AdvertisePeerUrls, CancellationToken.None).GetAwaiter().GetResult();
        RequireDistinctUrls(initialCluster, "initial cluster");
        return options with
        {
            InitialCluster = initialCluster,
            // Ids are made of URLs, and the others know this member by those that DNS has.
            AdvertisePeerUrls = FoundMembers.UrlsOf(initialCluster, options.Name),
            PeerTls = options.PeerTls is { TrustedCaFile.Length: 0 } tls && initialCluster.Contains("https://", StringComparison.Ordinal)
                ? tls with { ServerName = srv.Domain }
                : options.PeerTls,
        };
    }

    private static MemberOptions ByRegistry(MemberOptions options, string token, bool fallsBackToProxy, Func<IRegistry> open, ILogger logger)
    {
        var self = ClusterIdentity.Derive(new ConsensusOptions
        {
            DataDirectory = options.ConsensusDir, Name = options.Name, PeerUrls = options.AdvertisePeerUrls, Token = token,
        }).Self;
        try
        {
            using var registry = open();
            var initialCluster = new ClusterFormation(registry, self.ToString(), TimeProvider.System, logger)
                .JoinAsync(string.Join(',', options.AdvertisePeerUrls.Select(url => $"{options.Name}={url}")), CancellationToken.None).GetAwaiter().GetResult();
            RequireDistinctUrls(initialCluster, "discovery cluster");
            return options with { InitialCluster = initialCluster, ClusterToken = token };
        }
        catch (DiscoveryFailure failure)
        {
            throw StartRefusedException.Joining(failure.Message, report => Explain(report, options, token, fallsBackToProxy, failure));
        }
    }

    private static void RequireDistinctUrls(string initialCluster, string what)
    {
        if (FoundMembers.HasDuplicateUrl(initialCluster))
            throw StartRefusedException.Discovery($"{what} {initialCluster} has duplicate url");
    }

    // What etcd says in the end, and in which order.
    private static void Explain(ILogger logger, MemberOptions options, string token, bool fallsBackToProxy, DiscoveryFailure failure)
    {
        switch (failure.Kind)
        {
            case DiscoveryFailureKind.DuplicateId:
                DiscoveryLog.Registered(logger, options.Name, token, failure.Message);
                DiscoveryLog.NoConfiguration(logger, options.DataDir);
                DiscoveryLog.CheckDataDir(logger);
                DiscoveryLog.UseNewToken(logger);
                break;
            case DiscoveryFailureKind.DuplicateName:
                DiscoveryLog.DuplicateName(logger, token, failure.Message);
                DiscoveryLog.AskTheToken(logger);
                DiscoveryLog.DoNotReuse(logger);
                break;
            default:
                if (failure.Kind == DiscoveryFailureKind.Full && fallsBackToProxy)
                    DiscoveryLog.NoProxy(logger, options.Name);
                DiscoveryLog.TokenUsed(logger, token, $"failed to join discovery cluster ({failure.Message})");
                DiscoveryLog.DoNotReuse(logger);
                break;
        }
    }
}
