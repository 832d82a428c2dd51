using System.Globalization;
using System.Text.RegularExpressions;
using Hosting;
using Hosting.Durations;
using Microsoft.Extensions.Configuration;
using WatchHub.Feed.Core.Keys;

namespace WatchHub.Feed;

/// <summary>
/// Reads the section <c>Feed</c>: <c>Broker</c> (<c>amqp://host:port/virtual-host</c> or <c>amqps://</c>; empty: no feeds), <c>User</c> (guest), <c>Password</c> (guest) or
/// <c>PasswordFile</c>, <c>Prefixes</c> (<c>name=prefix</c> between commas), <c>ClusterEvents</c> (false), <c>From</c> (<c>now</c> or <c>oldest</c>, for feeds without a cursor),
/// <c>ExchangePrefix</c>, <c>Mandatory</c> (false), <c>MaxRefusals</c>, <c>MaxEventBytes</c>, <c>CursorEvents</c>, <c>CursorInterval</c> (a duration as in etcd's flags),
/// <c>ClaimTtl</c> (seconds; 10).
/// </summary>
public static partial class FeedConfiguration
{
    public const string Section = "Feed";

    private const int MaxNameLength = 64;
    private const int MaxExchangePrefixLength = 100;
    private const string Example = "expected name=prefix,name=prefix";

    /// <summary>Whether anything is configured at all.</summary>
    public static bool IsOn(IConfiguration configuration) => configuration.GetSection(Section)["Broker"] is { Length: > 0 };

    /// <summary>Null when there are no feeds.</summary>
    /// <exception cref="ConfigurationException">It makes no sense; the message says what, and never the password.</exception>
    public static FeedOptions? Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        if (section["Broker"] is not { Length: > 0 } broker)
        {
            return section["Prefixes"] is { Length: > 0 } || Flag(section, "ClusterEvents")
                ? throw Refuse("Broker", "feeds are configured, and no broker")
                : null;
        }
        var address = ReadAddress(broker);
        var feeds = ReadFeeds(section["Prefixes"] ?? "");
        var clusterEvents = Flag(section, "ClusterEvents");
        if (feeds.Count == 0 && !clusterEvents)
            throw Refuse("Prefixes", "a broker is configured, and no feed; " + Example);
        var defaults = new FeedLimits();
        var exchanges = section["ExchangePrefix"] ?? "distributed.feed.";
        if (exchanges.Length > MaxExchangePrefixLength || !ExchangeName().IsMatch(exchanges))
            throw Refuse("ExchangePrefix", $"\"{exchanges}\" is no beginning of an exchange's name");
        return new FeedOptions
        {
            Broker = ReadBroker(section, address),
            Feeds = feeds,
            ClusterEvents = clusterEvents,
            ExchangePrefix = exchanges,
            StartsWithOldest = (section["From"] ?? "now") switch
            {
                "now" => false,
                "oldest" => true,
                var other => throw Refuse("From", $"\"{other}\" is neither \"now\" nor \"oldest\""),
            },
            Mandatory = Flag(section, "Mandatory"),
            MaxRefusals = Number(section, "MaxRefusals", 5, 1000),
            MaxEventBytes = Number(section, "MaxEventBytes", 8 * 1024 * 1024, 96 * 1024 * 1024),
            ClaimTtl = TimeSpan.FromSeconds(Number(section, "ClaimTtl", 10, 3600)),
            Limits = defaults with
            {
                CursorEvents = Number(section, "CursorEvents", defaults.CursorEvents, 1_000_000),
                CursorInterval = Duration(section, "CursorInterval", defaults.CursorInterval),
            },
        };
    }

    private static List<FeedSpec> ReadFeeds(string text)
    {
        var feeds = new List<FeedSpec>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var split = part.IndexOf('=', StringComparison.Ordinal);
            if (split < 0)
                throw Refuse("Prefixes", $"\"{part}\": {Example}");
            var name = part[..split];
            if (name.Length > MaxNameLength || !FeedName().IsMatch(name))
                throw Refuse("Prefixes", $"\"{name}\" is no name: lower-case letters, digits and hyphens, {MaxNameLength} at most");
            if (name == FeedOptions.ClusterFeed || feeds.Any(feed => feed.Name == name))
                throw Refuse("Prefixes", $"the name \"{name}\" is taken");
            feeds.Add(new FeedSpec(name, part[(split + 1)..]));
        }
        return feeds;
    }

    // Not the text itself in a complaint: it may hold a password.
    private static Uri ReadAddress(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0)
            throw Refuse("Broker", "expected amqp://host:port/virtual-host or amqps://host:port/virtual-host");
        if (uri.UserInfo.Length > 0)
            throw Refuse("Broker", "credentials have no place in the address: use User and Password or PasswordFile");
        var isTls = uri.Scheme == "amqps";
        return new UriBuilder(uri) { Scheme = isTls ? "rabbitmqs" : "rabbitmq", Port = uri.Port > 0 ? uri.Port : isTls ? 5671 : 5672 }.Uri;
    }

    private static BrokerSettings ReadBroker(IConfigurationSection section, Uri address)
    {
        var settings = new BrokerSettings(address, section["User"] ?? "guest", section["Password"] ?? "guest", section["PasswordFile"] ?? "");
        try
        {
            return settings with { Password = settings.ReadPassword() };
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw Refuse("PasswordFile", failed.Message);
        }
    }

    private static bool Flag(IConfigurationSection section, string name) => section[name] switch
    {
        null or "" => false,
        var text when bool.TryParse(text, out var value) => value,
        var text => throw Refuse(name, $"\"{text}\" is neither true nor false"),
    };

    private static int Number(IConfigurationSection section, string name, int byDefault, int most)
    {
        if (section[name] is not { Length: > 0 } text)
            return byDefault;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 && value <= most
            ? value : throw Refuse(name, $"\"{text}\" is no number from 1 to {most}");
    }

    private static TimeSpan Duration(IConfigurationSection section, string name, TimeSpan byDefault)
    {
        if (section[name] is not { Length: > 0 } text)
            return byDefault;
        if (!GoDuration.TryParse(text, out TimeSpan value, out var complaint))
            throw Refuse(name, complaint);
        return value > TimeSpan.Zero ? value : throw Refuse(name, $"\"{text}\" is not more than nothing");
    }

    private static ConfigurationException Refuse(string name, string complaint) => new($"{Section}:{name}: {complaint}");

    [GeneratedRegex("^[a-z0-9-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex FeedName();

    [GeneratedRegex("^[A-Za-z0-9._:-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex ExchangeName();
}
