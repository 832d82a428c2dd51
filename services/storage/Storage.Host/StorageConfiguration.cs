using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hosting;
using Hosting.Durations;
using Microsoft.Extensions.Configuration;
using Storage.Core.Space;

namespace Storage.Host;

/// <summary>
/// Reads a replica's part of a process's configuration, all below <c>Storage:</c>.
/// <list type="bullet">
/// <item><c>DataDir</c>: folder of the data file (default "data"). <c>ReplicaName</c>: default is the machine's name. <c>SharedBy</c>: the number of replicas that may share the
/// folder, each with a place of its own in it (default 1).</item>
/// <item><c>QuotaBackendBytes</c>: bytes that may be in use; 0, the default, is 100 GiB, a negative number no quota.</item>
/// <item><c>InitialCorruptCheck</c>: true or false (default). <c>CorruptCheckTime</c>: a duration as in etcd's flags, "0s" (default) is never.</item>
/// <item><c>WarningApplyDuration</c>: a duration; a command that takes longer to apply is told of in the log (default "100ms").</item>
/// </list>
/// </summary>
public static class StorageConfiguration
{
    /// <summary>Options from configuration.</summary>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="member">The consensus member whose id its alarms carry; null: an id made of the replica's name.</param>
    /// <exception cref="ConfigurationException">A setting is no such value.</exception>
    public static StorageOptions Read(IConfiguration configuration, ulong? member = null)
    {
        var name = configuration["Storage:ReplicaName"] ?? Environment.MachineName;
        return new StorageOptions
        {
            ReplicaName = name,
            AlarmMember = member ?? IdOf(name),
            Quota = Quota.OfSetting(Number(configuration, "Storage:QuotaBackendBytes")),
            ComparesAtStart = Flag(configuration, "Storage:InitialCorruptCheck"),
            CorruptCheckInterval = Duration(configuration, "Storage:CorruptCheckTime", "0s"),
            WarningApplyDuration = Duration(configuration, "Storage:WarningApplyDuration", "100ms"),
        };
    }

    /// <summary>How many replicas may share the folder.</summary>
    /// <exception cref="ConfigurationException">The setting is no such number.</exception>
    internal static int ReadSharedBy(IConfiguration configuration) =>
        configuration["Storage:SharedBy"] is not { Length: > 0 } text ? 1
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
        : throw new ConfigurationException($"Storage:SharedBy must be a whole number above 0, not \"{text}\"");

    /// <summary>The id that a replica of a name has where no consensus member's stands for it. Not 0, which no member has.</summary>
    internal static ulong IdOf(string name) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("storage replica " + name))) | 1;

    private static long Number(IConfiguration configuration, string key) =>
        configuration[key] is not { Length: > 0 } text ? 0
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value
        : throw new ConfigurationException($"{key} must be a whole number of bytes, not \"{text}\"");

    private static bool Flag(IConfiguration configuration, string key) =>
        configuration[key] is not { Length: > 0 } text ? false
        : bool.TryParse(text, out var value) ? value
        : throw new ConfigurationException($"{key} must be true or false, not \"{text}\"");

    private static TimeSpan Duration(IConfiguration configuration, string key, string unset) =>
        GoDuration.TryParse(configuration[key] is { Length: > 0 } text ? text : unset, out TimeSpan value, out var complaint) ? value
        : throw new ConfigurationException($"{key}: {complaint}");
}
