using System.Runtime.InteropServices;
using Consensus.Host;
using Consensus.Host.Identity;
using Consensus.Host.Service;
using Hosting;
using Hosting.Listening;
using Hosting.Logging;
using Hosting.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Standalone.Cluster;
using Standalone.Discovery;
using Standalone.Flags;
using Standalone.Member;
using Storage.Core.State;
using Storage.Host;
using Storage.Host.Checks;

namespace Standalone;

/// <summary>All five services in one process: the embedded default.</summary>
internal static class StandaloneServer
{
    /// <summary>Serves until a signal comes; returns the exit code.</summary>
    /// <exception cref="StartRefusedException">It could not start for a reason that the caller can do something about.</exception>
    public static int Serve(MemberOptions options, IReadOnlyList<StartWarning> warnings)
    {
        var endpoints = options.ClientEndpoints.Concat(options.PeerEndpoints).Concat(options.MetricsEndpoints).Select(static port => port.EndPoint).Distinct();
        using var log = OpenLog(options);
        if (!options.ReusesPorts && ListenFailure.Probe(endpoints) is { } busy)
            throw StartRefusedException.Environment(busy);
        Member.DataDirectory.Prepare(options.DataDir);
        options = options with
        {
            ClientTls = TlsFlags.WithOwnCertificate(options.ClientTls, "client", options, options.ClientEndpoints),
            PeerTls = TlsFlags.WithOwnCertificate(options.PeerTls, "peer", options, options.PeerEndpoints),
        };
        options = Discover(options, log);
        try
        {
            return Run(options, warnings, log);
        }
        catch (JoinRefusedException refused)
        {
            throw StartRefusedException.Discovery(refused.Message);
        }
        catch (ReplicaDiffersException differs)
        {
            throw StartRefusedException.Discovery(differs.Message);
        }
        catch (Exception error) when (ListenFailure.TryDescribe(error, endpoints, out _))
        {
            _ = ListenFailure.TryDescribe(error, endpoints, out var text);
            throw StartRefusedException.Environment(text!);
        }
    }

    private static Stream OpenLog(MemberOptions options)
    {
        try
        {
            // What begins before the host has a logger of its own.
            return Stream.Synchronized(LogOutput.Open(options.LogOutputs, options.LogRotation, TimeProvider.System));
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.Verification(refused.Message);
        }
    }

    private static MemberOptions Discover(MemberOptions options, Stream log)
    {
        if (options.Discovery is null)
            return options; // A start without it pays nothing for it.
        using var factory = LoggerFactory.Create(logging => logging.UseEtcdLogging(options.LogLevel, log));
        return Bootstrap.Discover(options, factory.CreateLogger("Standalone.Discovery"));
    }

    private static int Run(MemberOptions options, IReadOnlyList<StartWarning> warnings, Stream log)
    {
        using var logging = new LoggerFactory([new EtcdLoggerProvider(log, TimeProvider.System)], new LoggerFilterOptions { MinLevel = options.LogLevel });
        var peerTls = options.PeerTls is { } settings ? new ClientTls(settings, logging.CreateLogger(TlsPort.LogCategory)) : null;
        using var consensus = EarlyConsensus.Begin(Composition.ConsensusOf(options, peerTls), logging.CreateLogger<ConsensusService>());
        using var storage = EarlyStart.Begin(options.StorageDir, new StateMachineOptions());
        // No arguments: what etcd's flags mean was decided already, and they are no configuration keys.
        var builder = ServiceHost.CreateBuilder([]);
        foreach (var (name, value) in options.Telemetry)
            builder.Configuration[name] = value;
        builder.AddProcessDefaults("standalone", options.LogLevel, log);
        builder.AddMember(options, peerTls, consensus, storage.Open);
        var app = builder.Build();
        app.MapMember(options);

        if (options.ConfigFile is { } file)
            StandaloneLog.ConfigurationLoaded(app.Logger, file);
        foreach (var warning in warnings.Concat(options.Warnings))
            StandaloneLog.StartWarning(app.Logger, warning.Message, warning.Subject);
        var advertised = string.Join(',', options.AdvertiseClientUrls);
        StandaloneLog.Starting(app.Logger, options.Name, options.DataDir, VersionText.Etcd, VersionText.Own, advertised);
        if (options.PeerTls is { } tls)
            StandaloneLog.StartingWithTls(app.Logger, "peer", tls, tls.CipherSuites);
        if (options.ClientTls is { } clientTls)
            StandaloneLog.StartingWithTls(app.Logger, "client", clientTls, clientTls.CipherSuites);
        app.Lifetime.ApplicationStarted.Register(() => _ = AnnounceAsync(app, options));
        using var signal = new TerminationSignal(received =>
        {
            StandaloneLog.Signal(app.Logger, received == PosixSignal.SIGINT ? "interrupt" : "terminated");
            app.Lifetime.StopApplication();
        });
        app.Run();
        StandaloneLog.Closed(app.Logger, options.Name);
        if (Environment.ExitCode == 0)
            signal.DieOfIt();
        return Environment.ExitCode;
    }

    private static async Task AnnounceAsync(WebApplication app, MemberOptions options)
    {
        var ready = app.Services.GetRequiredService<ClientPortOpener>().Ready;
        await ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Told to stop before the cluster took it in.
        if (!ready.IsCompletedSuccessfully)
            return;
        StandaloneLog.Ready(app.Logger);
        foreach (var (endpoint, isTls) in options.ClientEndpoints)
        {
            if (isTls)
                StandaloneLog.ServingSecurely(app.Logger, endpoint);
            else
                StandaloneLog.ServingInsecurely(app.Logger, endpoint);
        }
        // Whoever collects the output of a container reads every line of it as one of the log.
        if (!Console.IsOutputRedirected)
            Console.Out.WriteLine(Banner.For(options));
    }
}
