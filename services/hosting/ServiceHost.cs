using System.Net;
using Hosting.Buffers;
using Hosting.Clients;
using Hosting.Health;
using Hosting.Listening;
using Hosting.Logging;
using Hosting.Metrics;
using Hosting.Settings;
using Hosting.Sidecars;
using Hosting.Telemetry;
using Hosting.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hosting;

/// <summary>
/// What every service process shares: an internal HTTP/2 endpoint for gRPC, in clear or over TLS, health, logs, telemetry, channels to the other services,
/// and how the process ends.
/// </summary>
/// <remarks>
/// Configuration, by command line (<c>--Key:Sub value</c>) or environment (<c>Key__Sub</c>), all of it in docs/settings.md:
/// <c>Listen</c> (gRPC, default http://127.0.0.1:8080; https with <c>Tls:*</c>, see <see cref="TlsConfiguration"/>; empty: none), <c>HealthListen</c> (HTTP/1.1 <c>/healthz</c> and <c>/metrics</c>; default none), <c>LogLevel</c>
/// (etcd's names, default info), <c>Services:*</c> (<see cref="ServiceEndpoints"/>), <c>OTEL_*</c>. With <c>Tls:TrustedCaFile</c> the process speaks TLS to all other services.
/// </remarks>
public static class ServiceHost
{
    /// <summary>How long open calls may hold up a stop.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Builds and runs a service process until it is told to stop; returns its exit code.</summary>
    /// <param name="serviceName">Name in telemetry and logs, for example "watch-hub".</param>
    /// <param name="args">Command line: <c>--Key:Sub value</c> pairs on top of environment variables.</param>
    /// <param name="settings">All that the process knows; mistakes in them end it before anything is opened.</param>
    /// <param name="addServices">Registers the service's own parts.</param>
    /// <param name="mapEndpoints">Maps its gRPC binding.</param>
    /// <param name="configurePort">More about the port of that binding; null is nothing.</param>
    public static int Run(
        string serviceName, string[] args, IReadOnlyList<Setting> settings, Action<WebApplicationBuilder> addServices, Action<WebApplication> mapEndpoints,
        Action<ListenOptions>? configurePort = null)
    {
        PlainTerminal.Use();
        var endpoints = new List<IPEndPoint>();
        try
        {
            var builder = CreateBuilder(args);
            if (builder.Configuration["Dapr:SecretStore"] is { Length: > 0 })
                settings = SecretStore.AddTo(builder.Configuration, settings);
            if (SettingsCheck.Complaints(builder.Configuration, settings) is { Count: > 0 } complaints)
            {
                foreach (var complaint in complaints)
                    Console.Error.WriteLine(complaint);
                return 1;
            }
            builder.AddProcessDefaults(serviceName, LevelFrom(builder.Configuration));
            builder.AddTls();
            if (builder.Configuration["Listen"] is not "")
                endpoints.Add(builder.ListenOn(builder.Configuration["Listen"] ?? "http://127.0.0.1:8080", HttpProtocols.Http2, configurePort));
            int? healthPort = null;
            if (builder.Configuration["HealthListen"] is { Length: > 0 } healthListen)
            {
                endpoints.Add(builder.ListenOn(healthListen, HttpProtocols.Http1));
                healthPort = endpoints[^1].Port;
            }
            addServices(builder);

            var app = builder.Build();
            app.MapHealth(healthPort);
            mapEndpoints(app);
            var addresses = string.Join(',', endpoints);
            app.Lifetime.ApplicationStarted.Register(() => HostingLog.Started(app.Logger, serviceName, addresses));
            app.Lifetime.ApplicationStopping.Register(() => HostingLog.Stopping(app.Logger, serviceName));
            RunAsync(app).GetAwaiter().GetResult();
            // A part that could not go on has set it and stopped the host.
            return Environment.ExitCode;
        }
        catch (Exception error) when (error is ConfigurationException or FormatException || ListenFailure.TryDescribe(error, endpoints, out _))
        {
            Console.Error.WriteLine(ListenFailure.TryDescribe(error, endpoints, out var text) ? text : error.Message);
            return 1;
        }
        catch (Exception error)
        {
            ReportFailure(serviceName, error);
            return 1;
        }
    }

    private static async Task RunAsync(WebApplication app)
    {
        await using (app)
        {
            try
            {
                await app.StartAsync();
            }
            catch
            {
                // What has started is told to stop: being disposed instead, it would call its end a failure and bury the one line that matters.
                await app.StopAsync();
                throw;
            }
            await app.WaitForShutdownAsync();
        }
    }

    /// <summary>
    /// A builder whose settings come from the command line and the environment as they are at the start. The default one watches the working directory
    /// for changes of a settings file: every write to a log below it would wake a thread for nothing.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(string[] args) => WebApplication.CreateSlimBuilder(new WebApplicationOptions
    {
        Args = [.. args, "--hostBuilder:reloadConfigOnChange=false"],
        ContentRootPath = AppContext.BaseDirectory,
    });

    /// <summary>The last word of a process that a failure ends: one fatal log line with the stack.</summary>
    public static void ReportFailure(string serviceName, Exception error)
    {
        using var factory = LoggerFactory.Create(static logging => logging.UseEtcdLogging(LogLevel.Information));
        var logger = factory.CreateLogger(serviceName);
        HostingLog.Failed(logger, serviceName, error);
    }

    /// <summary>Registers what any process of ours has, the standalone one included: logs, telemetry, health, gRPC, channels, limits.</summary>
    /// <param name="builder">Of the process.</param>
    /// <param name="serviceName">Its name in telemetry.</param>
    /// <param name="logLevel">The least that is logged.</param>
    /// <param name="logOutput">Where to; null: standard error.</param>
    public static void AddProcessDefaults(this WebApplicationBuilder builder, string serviceName, LogLevel logLevel, Stream? logOutput = null)
    {
        builder.Environment.ApplicationName = serviceName;
        builder.Logging.UseEtcdLogging(logLevel, logOutput);
        builder.Services.AddMetricRegistry();
        builder.AddTelemetry(serviceName);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopTimeout);
        builder.Services.AddSingleton<ServiceEndpoints>();
        builder.Services.AddHealth();
        builder.Services.AddHostedService<HoldUpWatch>();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(static _ => new BlockPoolFactory(TimeProvider.System));
        builder.Services.AddGrpc(grpc =>
        {
            // What may be sent is bounded by the services, which have an error for it, not by the transport.
            grpc.MaxReceiveMessageSize = null;
            grpc.MaxSendMessageSize = null;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var limits = kestrel.Limits;
            limits.MaxRequestBodySize = null; // Streams live for ever.
            limits.MinRequestBodyDataRate = null; // A stream that idles is healthy.
            limits.MinResponseDataRate = null;
            limits.Http2.MaxStreamsPerConnection = 1_000_000; // Out of reach; Kestrel does arithmetic on it, so not int.MaxValue.
            limits.Http2.InitialStreamWindowSize = 1024 * 1024;
            limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        });
    }

    private static void AddTls(this WebApplicationBuilder builder)
    {
        var settings = TlsConfiguration.Read(builder.Configuration.GetSection("Tls"));
        if (settings.TrustedCaFile.Length > 0)
            builder.Services.AddSingleton(provider => new ClientTls(settings, provider.GetRequiredService<ILoggerFactory>().CreateLogger(TlsPort.LogCategory)));
    }

    private static IPEndPoint ListenOn(
        this WebApplicationBuilder builder, string url, HttpProtocols protocols, Action<ListenOptions>? configure = null)
    {
        var endpoint = ListenAddress.Parse(url);
        var tls = ListenAddress.IsTls(url) ? TlsConfiguration.Read(builder.Configuration.GetSection("Tls")) : null;
        tls?.Verify();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(endpoint, port =>
        {
            port.Protocols = protocols;
            if (tls is not null)
                port.UseServerTls(tls, "service");
            configure?.Invoke(port);
        }));
        return endpoint;
    }

    private static LogLevel LevelFrom(ConfigurationManager configuration)
    {
        var name = configuration["LogLevel"] ?? "info";
        return EtcdLogLevels.TryParse(name, out var level) ? level : throw new ConfigurationException($"unrecognized level: \"{name}\"");
    }
}
