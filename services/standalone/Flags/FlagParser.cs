namespace Standalone.Flags;

/// <summary>What the command line asks for.</summary>
internal enum CommandLineAction
{
    Serve,
    ShowVersion,
    ShowHelp,
}

/// <summary>A command line and an environment that were understood.</summary>
/// <param name="Warnings">Things worth a log line before start.</param>
internal sealed record CommandLine(CommandLineAction Action, FlagSet Flags, IReadOnlyList<StartWarning> Warnings);

/// <summary>Something that was accepted but deserves a word.</summary>
internal readonly record struct StartWarning(string Message, string Subject);

/// <summary>
/// Reads flags as Go's flag package does (<c>--name x</c>, <c>--name=x</c>, one dash as good as two, booleans without a value) and the
/// <c>ETCD_*</c> variables as etcd does. The last of several equal flags counts.
/// </summary>
internal static class FlagParser
{
    private const string Prefix = "ETCD_";
    private const string ConfigFileFlag = "config-file";
    private const string ConfigFileVariable = "ETCD_CONFIG_FILE";

    /// <exception cref="StartRefusedException">Not a command line of etcd.</exception>
    public static CommandLine Parse(IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment)
    {
        var given = new Dictionary<string, string>();
        var action = ReadArguments(args, given);
        var warnings = new List<StartWarning>();
        var file = given.GetValueOrDefault(ConfigFileFlag) is { Length: > 0 } named ? named : environment.GetValueOrDefault(ConfigFileVariable) ?? "";
        given.Remove(ConfigFileFlag);
        FlagSet flags;
        if (action == CommandLineAction.Serve && file.Length > 0)
        {
            flags = ConfigFile.Read(file);
        }
        else
        {
            if (action == CommandLineAction.Serve)
                ReadEnvironment(environment, given, warnings);
            OldSpellings.Translate(given, warnings);
            flags = new FlagSet(given);
        }
        warnings.AddRange(flags.WithoutEffect().Select(flag => new StartWarning($"flag has no effect: {flag.Reason}", flag.Name)));
        return new(action, flags, warnings);
    }

    private static CommandLineAction ReadArguments(IReadOnlyList<string> args, Dictionary<string, string> given)
    {
        var showVersion = false;
        for (var i = 0; i < args.Count; i++)
        {
            var arg = args[i];
            if (arg.Length < 2 || arg[0] != '-')
                throw StartRefusedException.Verification($"'{arg}' is not a valid flag");
            if (arg == "--")
            {
                if (i + 1 < args.Count)
                    throw StartRefusedException.Verification($"'{args[i + 1]}' is not a valid flag");
                break;
            }

            var (name, value) = Split(arg);
            if (name is "h" or "help")
                return CommandLineAction.ShowHelp;
            if (name == "version")
            {
                showVersion = value is null || (GoValue.TryBool(value, out var wanted)
                    ? wanted
                    : throw StartRefusedException.Usage($"invalid boolean value \"{value}\" for -version: parse error"));
                continue;
            }
            if (name == ConfigFileFlag)
            {
                given[name] = value ?? (++i < args.Count ? args[i] : throw StartRefusedException.Usage($"flag needs an argument: -{name}"));
                continue;
            }
            if (!FlagTable.All.TryGetValue(name, out var flag) && !OldSpellings.All.TryGetValue(name, out flag))
                throw StartRefusedException.Usage($"flag provided but not defined: -{name}");
            if (value is null && flag.Kind == FlagKind.Bool)
                value = "true";
            else if (value is null)
                value = ++i < args.Count ? args[i] : throw StartRefusedException.Usage($"flag needs an argument: -{name}");
            if (OldSpellings.Complaint(name, value) is { } old)
                throw StartRefusedException.Usage($"invalid value \"{value}\" for flag -{name}: {old}");
            if (GoValue.Complaint(flag, value) is { } complaint)
                throw StartRefusedException.Usage(flag.Kind == FlagKind.Bool
                    ? $"invalid boolean value \"{value}\" for -{name}: {complaint}"
                    : $"invalid value \"{value}\" for flag -{name}: {complaint}");
            given[name] = value;
        }
        return showVersion ? CommandLineAction.ShowVersion : CommandLineAction.Serve;
    }

    private static (string Name, string? Value) Split(string arg)
    {
        var text = arg.StartsWith("--", StringComparison.Ordinal) ? arg[2..] : arg[1..];
        if (text.Length == 0 || text[0] is '-' or '=')
            throw StartRefusedException.Usage($"bad flag syntax: {arg}");
        var equals = text.IndexOf('=');
        return equals < 0 ? (text, null) : (text[..equals], text[(equals + 1)..]);
    }

    private static void ReadEnvironment(
        IReadOnlyDictionary<string, string> environment, Dictionary<string, string> given, List<StartWarning> warnings)
    {
        var byVariable = FlagTable.All.Values.ToDictionary(flag => flag.Variable);
        foreach (var (variable, value) in environment.Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!byVariable.TryGetValue(variable, out var flag))
            {
                if (variable is not ("ETCD_UNSUPPORTED_ARCH" or ConfigFileVariable))
                    warnings.Add(new("unrecognized environment variable", variable));
                continue;
            }
            if (value.Length == 0)
                continue; // As etcd: an empty variable is no variable.
            if (given.ContainsKey(flag.Name))
                throw StartRefusedException.Verification(
                    "conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag)",
                    variable);
            if (GoValue.Complaint(flag, value) is { } complaint)
                throw StartRefusedException.Verification($"invalid value \"{value}\" for {variable}: {complaint}");
            given[flag.Name] = value;
        }
    }
}
