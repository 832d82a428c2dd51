using System.Runtime.InteropServices;
using Hosting;
using Hosting.Listening;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Standalone.Flags;
using Standalone.Member;

namespace Standalone;

/// <summary>All five services in one process: the embedded default.</summary>
internal static class StandaloneServer
{
    /// <summary>Serves until a signal comes; returns the exit code.</summary>
    /// <exception cref="StartRefusedException">It could not start for a reason that the caller can do something about.</exception>
    public static int Serve(MemberOptions options, IReadOnlyList<StartWarning> warnings)
    {
        if (ListenFailure.Probe(options.ClientEndpoints) is { } busy)
            throw StartRefusedException.Environment(busy);
        DataDirectory.Prepare(options.DataDir);

        // No arguments: what etcd's flags mean was decided already, and they are no configuration keys.
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddProcessDefaults("standalone", options.LogLevel);
        builder.AddMember(options);
        var app = builder.Build();
        app.MapMember();

        foreach (var warning in warnings)
            StandaloneLog.StartWarning(app.Logger, warning.Message, warning.Subject);
        var advertised = string.Join(',', options.AdvertiseClientUrls);
        StandaloneLog.Starting(app.Logger, options.Name, options.DataDir, VersionText.Etcd, VersionText.Own, advertised);
        app.Lifetime.ApplicationStarted.Register(() => Announce(app.Logger, options));
        using var signal = new TerminationSignal(received =>
        {
            StandaloneLog.Signal(app.Logger, received == PosixSignal.SIGINT ? "interrupt" : "terminated");
            app.Lifetime.StopApplication();
        });
        try
        {
            app.Run();
        }
        catch (Exception error) when (ListenFailure.TryDescribe(error, options.ClientEndpoints, out _))
        {
            _ = ListenFailure.TryDescribe(error, options.ClientEndpoints, out var text);
            throw StartRefusedException.Environment(text!);
        }
        StandaloneLog.Closed(app.Logger, options.Name);
        if (Environment.ExitCode == 0)
            signal.DieOfIt();
        return Environment.ExitCode;
    }

    private static void Announce(ILogger logger, MemberOptions options)
    {
        StandaloneLog.Ready(logger);
        foreach (var endpoint in options.ClientEndpoints)
            StandaloneLog.ServingInsecurely(logger, endpoint);
        Console.Out.WriteLine(Banner.For(options));
    }
}
