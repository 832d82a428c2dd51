using System.Globalization;
using Hosting;
using Hosting.Files;
using Standalone.Discovery;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Standalone.Flags;

/// <summary>
/// A configuration file as etcd takes it: YAML (or JSON, which is YAML) with the names of flags as keys; TLS and discovery in blocks. Keys that are no flag are ignored, as by etcd.
/// </summary>
internal static class ConfigFile
{
    private static readonly HashSet<string> s_lists = ["log-outputs", "cipher-suites"];

    private const string TopStruct = "configYAML";

    /// <summary>The flags that a file sets.</summary>
    /// <exception cref="StartRefusedException">It cannot be read, or worked with.</exception>
    public static FlagSet Read(string path)
    {
        var given = new Dictionary<string, string>();
        try
        {
            var yaml = new YamlStream();
            using (var text = new StreamReader(new MemoryStream(FileErrors.ReadAll(path))))
                yaml.Load(text);
            if (yaml.Documents is [var document, ..])
                ReadTop(document.RootNode, given);
        }
        catch (ConfigurationException unreadable)
        {
            throw StartRefusedException.Verification(unreadable.Message);
        }
        catch (YamlException malformed)
        {
            throw StartRefusedException.Verification(
                string.Create(CultureInfo.InvariantCulture, $"error converting YAML to JSON: yaml: line {malformed.Start.Line}: {malformed.Message}"));
        }
        return new FlagSet(given) { File = path };
    }

    private static void ReadTop(YamlNode root, Dictionary<string, string> given)
    {
        if (root is YamlScalarNode { Value: "" or "~" or "null" or null })
            return;
        if (root is not YamlMappingNode top)
            throw Mismatch(root, TopStruct, "", "embed.configYAML");
        foreach (var (node, value) in top.Children)
        {
            var key = (node as YamlScalarNode)?.Value ?? "";
            if (ConfigBlock.All.TryGetValue(key, out var block))
                ReadBlock(block, TopStruct, BlockFieldOf(key), value, given);
            else if (FlagTable.All.TryGetValue(key, out var flag) && !ConfigBlock.InBlocksOnly.Contains(key))
                ReadFlag(flag, s_lists.Contains(key), TopStruct, "Config." + key, value, given);
        }
    }

    private static void ReadBlock(ConfigBlock block, string owner, string field, YamlNode value, Dictionary<string, string> given)
    {
        if (IsNull(value))
            return;
        if (value is not YamlMappingNode mapping)
            throw Mismatch(value, owner, field, block.Type);
        foreach (var (node, content) in mapping.Children)
        {
            var key = (node as YamlScalarNode)?.Value ?? "";
            if (block.Blocks.TryGetValue(key, out var inner))
                ReadBlock(inner, block.Struct, $"{field}.{key}", content, given);
            else if (block.Flags.TryGetValue(key, out var flag))
                ReadFlag(FlagTable.All[flag], flag == DiscoveryFlags.Endpoints, block.Struct, $"{field}.{key}", content, given);
        }
    }

    // Go names the structs that a field is promoted through.
    private static string BlockFieldOf(string key) => (key == "discovery-config" ? "Config." : "configJSON.") + key;

    private static void ReadFlag(Flag flag, bool isList, string owner, string field, YamlNode value, Dictionary<string, string> given)
    {
        if (IsNull(value))
            return; // As if it were not there.
        var text = isList ? ListOf(flag, owner, field, value) : ScalarOf(flag, owner, field, value);
        if (GoValue.Complaint(flag, text) is { } complaint)
        {
            throw flag.Kind == FlagKind.Urls
                ? StartRefusedException.Environment($"unexpected error setting up {flag.Name}: {complaint}")
                : StartRefusedException.Verification(flag.Name == "initial-cluster-state"
                    ? $"unexpected clusterState \"{text}\""
                    : $"invalid value \"{text}\" for {flag.Name}: {complaint}");
        }
        given[flag.Name] = text;
    }

    private static string ListOf(Flag flag, string owner, string field, YamlNode value)
    {
        if (value is not YamlSequenceNode list)
            throw Mismatch(value, owner, field, "[]string");
        var items = list.Children.Select(item => item is YamlScalarNode { Value: { } text } ? text : throw Mismatch(item, owner, field, "string")).ToList();
        return flag.Name == DiscoveryFlags.Endpoints && items.Any(string.IsNullOrWhiteSpace) ? throw DiscoveryFlags.EmptyEndpoint() : string.Join(',', items);
    }

    private static string ScalarOf(Flag flag, string owner, string field, YamlNode value)
    {
        var type = TypeOf(flag);
        if (value is not YamlScalarNode { Value: { } text } scalar)
            throw Mismatch(value, owner, field, type);
        switch (flag.Kind)
        {
            case FlagKind.Bool:
                return IsPlain(scalar) && BoolOf(text) is { } flagged ? flagged : throw Mismatch(value, owner, field, type);
            case FlagKind.Int or FlagKind.UInt:
                return IsPlain(scalar) && IsNumber(text) ? text : throw Mismatch(value, owner, field, type);
            case FlagKind.Duration:
                // etcd takes nothing but nanoseconds here; durations as its flags have them are taken as well.
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? text + "ns" : text;
            default:
                return text;
        }
    }

    private static StartRefusedException Mismatch(YamlNode value, string owner, string field, string type)
    {
        var kind = value switch
        {
            YamlMappingNode => "object",
            YamlSequenceNode => "array",
            YamlScalarNode scalar when !IsPlain(scalar) => "string",
            YamlScalarNode { Value: { } text } when BoolOf(text) is not null => "bool",
            YamlScalarNode { Value: { } text } when IsNumber(text) => "number",
            _ => "string",
        };
        var where = field.Length > 0 ? $"Go struct field {owner}.{field} of type {type}" : $"Go value of type {type}";
        return StartRefusedException.Verification($"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into {where}");
    }

    private static string TypeOf(Flag flag) => (flag.Kind, flag.Name) switch
    {
        (FlagKind.Bool, _) => "bool",
        (FlagKind.UInt, "snapshot-count") => "uint64",
        (FlagKind.UInt, "max-concurrent-streams") => "uint32",
        (FlagKind.UInt, _) => "uint",
        (FlagKind.Int, "quota-backend-bytes") => "int64",
        (FlagKind.Int, _) => "int",
        (FlagKind.Duration, _) => "time.Duration",
        _ => "string",
    };

    private static bool IsNull(YamlNode value) => value is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private static bool IsPlain(YamlScalarNode scalar) => scalar.Style == ScalarStyle.Plain;

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    // YAML 1.1, as etcd's library reads it.
    private static string? BoolOf(string text) => text switch
    {
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y" => "true",
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N" => "false",
        _ => null,
    };
}
