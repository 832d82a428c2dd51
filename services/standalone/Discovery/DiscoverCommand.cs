using Hosting.Logging;
using Microsoft.Extensions.Logging;
using Standalone.Flags;
using Standalone.Member;
using HostDirectory = Consensus.Host.Identity.DataDirectory;

namespace Standalone.Discovery;

/// <summary>
/// <c>standalone discover</c>: the step before a first start, for a consensus service that is a process of its own. Takes a member's flags; prints, as variables, what the service has to be told.
/// </summary>
internal static class DiscoverCommand
{
    public const string Verb = "discover";

    /// <param name="args">What follows the verb: a member's flags, <c>--data-dir</c> being the service's own folder. Where its log is, nobody is asked, and only who the member is is printed.</param>
    /// <param name="environment">Variables, as for a start.</param>
    /// <returns>0.</returns>
    /// <exception cref="StartRefusedException">There is no cluster to be found.</exception>
    public static int Run(IEnumerable<string> args, IReadOnlyDictionary<string, string> environment)
    {
        var commandLine = FlagParser.Parse([.. args], environment);
        if (commandLine.Action != CommandLineAction.Serve)
        {
            Console.Out.Write(UsageText.Lines);
            return 0;
        }
        var options = MemberVerification.Verify(commandLine.Flags);
        if (options.Discovery is null)
            throw StartRefusedException.Verification("--discovery, --discovery-srv, or --discovery-token with --discovery-endpoints must be set");
        var isStarted = HostDirectory.HasLog(options.DataDir);
        using var factory = LoggerFactory.Create(logging => logging.UseEtcdLogging(options.LogLevel));
        var found = isStarted ? options : Bootstrap.Discover(options, factory.CreateLogger("Standalone.Discovery"));
        // At every start the member says its name to the others.
        Print("Name", found.Name);
        Print("PeerUrls", string.Join(',', found.AdvertisePeerUrls));
        if (isStarted)
            return 0;
        Print("InitialCluster", found.InitialCluster);
        Print("Token", found.ClusterToken);
        return 0;
    }

    private static void Print(string setting, string value) => Console.Out.WriteLine($"Consensus__{setting}={value}");
}
