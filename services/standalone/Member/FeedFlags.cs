using Hosting;
using Microsoft.Extensions.Configuration;
using Standalone.Flags;
using WatchHub.Feed;

namespace Standalone.Member;

/// <summary>The flags about feeds, as the settings of a hub that is a process of its own.</summary>
internal static class FeedFlags
{
    private static readonly (string Flag, string Setting)[] s_settings =
    [
        ("feed-broker", "Broker"), ("feed-cluster-events", "ClusterEvents"), ("feed-from", "From"), ("feed-password-file", "PasswordFile"),
        ("feed-prefixes", "Prefixes"), ("feed-user", "User"),
    ];

    /// <summary>Empty unless there are feeds.</summary>
    /// <exception cref="StartRefusedException">They make no sense.</exception>
    public static Dictionary<string, string> Settings(FlagSet flags)
    {
        var given = s_settings.Where(setting => flags.IsSet(setting.Flag)).ToList();
        // A start without feeds loads nothing of theirs.
        return given.Count == 0 ? [] : Verified(given, flags);
    }

    private static Dictionary<string, string> Verified(List<(string Flag, string Setting)> given, FlagSet flags)
    {
        var settings = given.ToDictionary(
            static setting => $"{FeedConfiguration.Section}:{setting.Setting}",
            setting => setting.Flag == "feed-cluster-events" ? flags.Bool(setting.Flag).ToString() : flags.Text(setting.Flag));
        try
        {
            FeedConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(settings!).Build());
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.Verification(refused.Message);
        }
        return settings;
    }
}
