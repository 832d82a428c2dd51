using System.Globalization;
using System.Net;
using Hosting.Durations;
using Hosting.Sidecars;
using Microsoft.Extensions.Configuration;

namespace Hosting.Settings;

/// <summary>Looks at all settings of a process before anything is made of them: one line for each mistake, all of them at once.</summary>
public static class SettingsCheck
{
    /// <summary>What is wrong, in the order of the settings; nothing: all is well.</summary>
    /// <param name="configuration">Of the process.</param>
    /// <param name="settings">Those that it knows. Within a section that one of them belongs to there may be no others; sections that none belongs to are somebody else's.</param>
    public static IReadOnlyList<string> Complaints(IConfiguration configuration, IReadOnlyList<Setting> settings) =>
    [
        .. settings.Select(setting => ComplaintOf(setting, configuration[setting.Key])).OfType<string>(),
        .. Unknown(configuration, settings),
    ];

    private static IEnumerable<string> Unknown(IConfiguration configuration, IReadOnlyList<Setting> settings)
    {
        var known = settings.Select(static setting => setting.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var sections = settings.Where(static setting => setting.Key.Contains(':', StringComparison.Ordinal)).Select(static setting => setting.Key.Split(':')[0])
            .Distinct(StringComparer.OrdinalIgnoreCase);
        foreach (var section in sections)
        {
            foreach (var (key, value) in configuration.GetSection(section).AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            {
                if (value is not null && !known.Contains(key))
                    yield return $"{key} is no setting{(Nearest(key, known) is { } near ? $": did you mean {near}?" : "")}";
            }
        }
    }

    private static string? ComplaintOf(Setting setting, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return setting.IsRequired ? $"{setting.Key} is not set ({setting.Meaning})" : null;
        return WhatItMustBe(setting, text) is { } demand
            ? $"{setting.Key} must be {demand}{(setting.IsSecret ? "" : $", not \"{text}\"")}"
            : null;
    }

    // Null: it is that already.
    private static string? WhatItMustBe(Setting setting, string text) => setting.Kind switch
    {
        SettingKind.Flag => bool.TryParse(text, out _) ? null : "true or false",
        SettingKind.Count => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= setting.Min && number <= setting.Max
            ? null
            : "a whole number" + Range(setting),
        SettingKind.Share => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? null : "a number from 0 to 1",
        SettingKind.Duration => GoDuration.TryParse(text, out TimeSpan _, out _) ? null : "a duration such as 1h30m or 1.5s",
        SettingKind.Choice => setting.Choices.Contains(text, StringComparer.Ordinal) ? null : string.Join(" or ", setting.Choices),
        SettingKind.Url => IsHttp(text) ? null : "an http or https URL",
        SettingKind.Urls => Each(text, IsHttp) ? null : "http or https URLs between commas",
        SettingKind.ClientUrls => Each(text, IsClientUrl) ? null : "URLs between commas, http or https with an IP address or localhost, unix or unixs",
        SettingKind.Listen => IsListen(text) ? null : "an http or https URL with an IP address, localhost, * or +, and a port",
        SettingKind.Service => Each(text, IsHttp) || IsName(text) ? null : "http://host:port, several of them between commas, or dns:///host:port",
        SettingKind.ServiceOrApp => Each(text, static address => IsHttp(address) || AppAddress.TryParse(address, out _)) || IsName(text)
            ? null
            : "http://host:port or dapr:app-id, several of them between commas, or dns:///host:port",
        _ => null,
    };

    private static string Range(Setting setting) => (setting.Min, setting.Max) switch
    {
        (long.MinValue, long.MaxValue) => "",
        (var min, long.MaxValue) => $" of at least {min}",
        var (min, max) => $" from {min} to {max}",
    };

    private static bool Each(string text, Func<string, bool> holds)
    {
        var parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length > 0 && parts.All(holds);
    }

    private static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0;

    private static bool IsName(string text) => text.StartsWith("dns:///", StringComparison.Ordinal) && !text.Contains(',', StringComparison.Ordinal);

    private static bool IsClientUrl(string text) =>
        text.StartsWith("unix://", StringComparison.Ordinal) || text.StartsWith("unixs://", StringComparison.Ordinal)
        || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && (uri.IdnHost == "localhost" || IPAddress.TryParse(uri.IdnHost, out _)));

    private static bool IsListen(string text)
    {
        try
        {
            Listening.ListenAddress.Parse(text);
            return true;
        }
        catch (Exception invalid) when (invalid is FormatException or ConfigurationException)
        {
            return false;
        }
    }

    private static string? Nearest(string key, IEnumerable<string> known) =>
        known.Select(candidate => (Name: candidate, Distance: Distance(key.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .Where(static candidate => candidate.Distance <= 3).OrderBy(static candidate => candidate.Distance).Select(static candidate => candidate.Name).FirstOrDefault();

    // Levenshtein's, a row at a time.
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
