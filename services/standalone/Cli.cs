using Hosting;
using Hosting.Logging;
using Microsoft.Extensions.Logging;
using Standalone.Discovery;
using Standalone.Flags;
using Standalone.Member;
using Standalone.Mirroring;
using Standalone.Snapshots;

namespace Standalone;

/// <summary>The command line, up to the point where there is a server to run.</summary>
internal static class Cli
{
    /// <summary>Does what the arguments ask for; returns the exit code.</summary>
    public static int Run(IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment)
    {
        try
        {
            if (args is [CheckCommand.Verb, ..])
                return CheckCommand.Run(args.Skip(1), environment);
            if (args is [SnapshotCommand.Name, ..])
                return SnapshotCommand.Run([.. args.Skip(1)]);
            if (args is [MirrorCommand.Name, ..])
                return MirrorCommand.Run([.. args.Skip(1)]);
            if (args is [DiscoverCommand.Verb, ..])
                return DiscoverCommand.Run(args.Skip(1), environment);
            var commandLine = FlagParser.Parse(args, environment);
            switch (commandLine.Action)
            {
                case CommandLineAction.ShowVersion:
                    Console.Out.WriteLine(VersionText.Lines);
                    return 0;
                case CommandLineAction.ShowHelp:
                    Console.Out.Write(UsageText.Lines);
                    return 0;
                default:
                    return StandaloneServer.Serve(MemberVerification.Verify(commandLine.Flags), commandLine.Warnings);
            }
        }
        catch (StartRefusedException refused)
        {
            Report(refused);
            return refused.ExitCode;
        }
        catch (Exception error)
        {
            ServiceHost.ReportFailure("standalone", error);
            return 1;
        }
    }

    private static void Report(StartRefusedException refused)
    {
        if (!refused.AsLogLine)
        {
            Console.Error.WriteLine(refused.Message);
            return;
        }
        using var factory = LoggerFactory.Create(logging => logging.UseEtcdLogging(LogLevel.Information));
        var logger = factory.CreateLogger("Standalone.Flags");
        if (refused.Report is { } report)
            report(logger);
        else if (refused.Subject is { } variable)
            StandaloneLog.VariableShadowed(logger, variable);
        else if (refused.Headline is { } headline)
            StandaloneLog.StartFailed(logger, headline, refused.Message);
        else
            StandaloneLog.FlagsRefused(logger, refused.Message);
    }
}
