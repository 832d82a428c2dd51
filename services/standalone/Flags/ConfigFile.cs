using System.Globalization;
using Hosting;
using Hosting.Files;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Standalone.Flags;

/// <summary>
/// A configuration file as etcd takes it: YAML (or JSON, which is YAML) with the names of flags as keys; TLS in blocks. Keys that are no flag are ignored, as by etcd.
/// </summary>
internal static class ConfigFile
{
    // Keys of a block and the flags that they stand for.
    private static readonly Dictionary<string, (string Key, string Flag)[]> s_blocks = new()
    {
        ["client-transport-security"] =
        [
            ("cert-file", "cert-file"), ("key-file", "key-file"), ("client-cert-file", "client-cert-file"), ("client-key-file", "client-key-file"),
            ("client-cert-auth", "client-cert-auth"), ("trusted-ca-file", "trusted-ca-file"), ("auto-tls", "auto-tls"),
        ],
        ["peer-transport-security"] =
        [
            ("cert-file", "peer-cert-file"), ("key-file", "peer-key-file"), ("client-cert-file", "peer-client-cert-file"), ("client-key-file", "peer-client-key-file"),
            ("client-cert-auth", "peer-client-cert-auth"), ("trusted-ca-file", "peer-trusted-ca-file"), ("auto-tls", "peer-auto-tls"),
        ],
    };

    // Outside their block these mean nothing to etcd.
    private static readonly HashSet<string> s_inBlocksOnly = [.. s_blocks.Values.SelectMany(static block => block.Select(static pair => pair.Flag))];

    private static readonly HashSet<string> s_lists = ["log-outputs", "cipher-suites"];

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
            throw Mismatch(root, "", "embed.configYAML");
        foreach (var (node, value) in top.Children)
        {
            var key = (node as YamlScalarNode)?.Value ?? "";
            if (s_blocks.TryGetValue(key, out var block))
                ReadBlock(key, block, value, given);
            else if (FlagTable.All.TryGetValue(key, out var flag) && !s_inBlocksOnly.Contains(key))
                ReadFlag(flag, "Config." + key, value, given);
        }
    }

    private static void ReadBlock(string name, (string Key, string Flag)[] block, YamlNode value, Dictionary<string, string> given)
    {
        if (IsNull(value))
            return;
        if (value is not YamlMappingNode mapping)
            throw Mismatch(value, "configJSON." + name, "embed.securityConfig");
        foreach (var (node, content) in mapping.Children)
        {
            var entry = block.FirstOrDefault(entry => entry.Key == (node as YamlScalarNode)?.Value);
            if (entry.Flag is not null)
                ReadFlag(FlagTable.All[entry.Flag], $"configJSON.{name}.{entry.Key}", content, given);
        }
    }

    private static void ReadFlag(Flag flag, string field, YamlNode value, Dictionary<string, string> given)
    {
        if (IsNull(value))
            return; // As if it were not there.
        var text = s_lists.Contains(flag.Name) ? ListOf(field, value) : ScalarOf(flag, field, value);
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

    private static string ListOf(string field, YamlNode value)
    {
        if (value is not YamlSequenceNode list)
            throw Mismatch(value, field, "[]string");
        return string.Join(',', list.Children.Select(item => item is YamlScalarNode { Value: { } text } ? text : throw Mismatch(item, field, "string")));
    }

    private static string ScalarOf(Flag flag, string field, YamlNode value)
    {
        var type = TypeOf(flag);
        if (value is not YamlScalarNode { Value: { } text } scalar)
            throw Mismatch(value, field, type);
        switch (flag.Kind)
        {
            case FlagKind.Bool:
                return IsPlain(scalar) && BoolOf(text) is { } flagged ? flagged : throw Mismatch(value, field, type);
            case FlagKind.Int or FlagKind.UInt:
                return IsPlain(scalar) && IsNumber(text) ? text : throw Mismatch(value, field, type);
            case FlagKind.Duration:
                // etcd takes nothing but nanoseconds here; durations as its flags have them are taken as well.
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? text + "ns" : text;
            default:
                return text;
        }
    }

    private static StartRefusedException Mismatch(YamlNode value, string field, string type)
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
        var where = field.Length > 0 ? $"Go struct field configYAML.{field} of type {type}" : $"Go value of type {type}";
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
