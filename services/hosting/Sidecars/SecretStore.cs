using System.Runtime.CompilerServices;
using Dapr;
using Dapr.Client;
using Grpc.Core;
using Hosting.Durations;
using Hosting.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Hosting.Sidecars;

/// <summary>
/// Settings that are kept in a secret store of Dapr's, by the name of the setting (<c>Feed:Password</c>, or <c>Feed__Password</c> where a store takes no colons). What the command line or the
/// environment says counts more. They are read once, before anything else is made of the configuration. Nothing of Dapr's is loaded where no store is named.
/// </summary>
internal static class SecretStore
{
    // A sidecar that starts together with its process tells nobody when it is there.
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_maxPatience = TimeSpan.FromHours(1);

    /// <summary>Adds what the store named by <c>Dapr:SecretStore</c> has of these settings; returns them, with those marked as secret that it has.</summary>
    /// <exception cref="ConfigurationException">It could not be read, or says two things about one setting; on one line, without a secret.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IReadOnlyList<Setting> AddTo(ConfigurationManager configuration, IReadOnlyList<Setting> settings)
    {
        // Mistakes in what leads to the store are told with all others.
        if (SettingsCheck.Complaints(configuration, ProcessSettings.Sidecar).Count > 0)
            return settings;
        var store = configuration["Dapr:SecretStore"]!;
        var secrets = ReadAsync(Sidecar.Read(configuration), store, Patience(configuration["Dapr:SecretPatience"])).GetAwaiter().GetResult();
        var found = SettingsIn(store, secrets, settings);
        ((IConfigurationBuilder)configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = found });
        return [.. settings.Select(setting => found.ContainsKey(setting.Key) ? setting with { IsSecret = true } : setting)];
    }

    private static async Task<Dictionary<string, Dictionary<string, string>>> ReadAsync(Sidecar sidecar, string store, TimeSpan patience)
    {
        var builder = new DaprClientBuilder().UseGrpcEndpoint(sidecar.Address);
        using var client = (sidecar.Token is { } token ? builder.UseDaprApiToken(token) : builder).Build();
        using var over = new CancellationTokenSource(patience);
        var reason = "it does not answer";
        while (!over.IsCancellationRequested)
        {
            try
            {
                return await client.GetBulkSecretAsync(store, cancellationToken: over.Token).ConfigureAwait(false);
            }
            catch (Exception failed) when (StatusOf(failed) is { } status && !over.IsCancellationRequested)
            {
                reason = status.Detail.ReplaceLineEndings(" ");
                if (status.StatusCode != StatusCode.Unavailable)
                    break;
                await Task.Delay(s_retry, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception failed) when (failed is OperationCanceledException || StatusOf(failed) is not null)
            {
                // The patience is over: what was said before is the reason.
            }
        }
        throw new ConfigurationException($"Dapr:SecretStore: the secrets of \"{store}\" cannot be read from the sidecar at {sidecar.Address}: {reason}");
    }

    private static TimeSpan Patience(string? text)
    {
        if (string.IsNullOrEmpty(text) || !GoDuration.TryParse(text, out TimeSpan patience, out _))
            return s_patience;
        return patience > TimeSpan.Zero && patience <= s_maxPatience
            ? patience
            : throw new ConfigurationException($"Dapr:SecretPatience must be more than 0s and at most {s_maxPatience.TotalHours}h, not \"{text}\"");
    }

    private static Status? StatusOf(Exception failed) => failed switch
    {
        RpcException call => call.Status,
        DaprException { InnerException: RpcException call } => call.Status,
        _ => null,
    };

    // Stores are shared: what belongs to no section of ours is somebody else's, and must change nothing here.
    private static Dictionary<string, string?> SettingsIn(string store, Dictionary<string, Dictionary<string, string>> secrets, IReadOnlyList<Setting> settings)
    {
        var ours = settings.Select(static setting => SectionOf(setting.Key)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in secrets.Values.SelectMany(static secret => secret))
        {
            var key = name.Replace("__", ":", StringComparison.Ordinal);
            if (ours.Contains(SectionOf(key)) && !found.TryAdd(key, value) && found[key] != value)
                throw new ConfigurationException($"Dapr:SecretStore: \"{store}\" has several values of {key}");
        }
        return found;
    }

    private static string SectionOf(string key) => key.Split(':')[0];
}
