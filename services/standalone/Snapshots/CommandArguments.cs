using System.Globalization;
using Standalone.Flags;

namespace Standalone.Snapshots;

/// <summary>
/// The arguments of a command, read as etcdutl reads them: <c>--name x</c>, <c>--name=x</c>, <c>-w x</c>, <c>-wx</c>, booleans without a value; flags and
/// other arguments in any order; the last of equal flags counts.
/// </summary>
internal sealed class CommandArguments
{
    private readonly Dictionary<string, string> _given = [];
    private readonly IReadOnlyList<CommandFlag> _flags;
    private readonly List<string> _others = [];

    private CommandArguments(IReadOnlyList<CommandFlag> flags) => _flags = flags;

    /// <summary>Arguments that are no flags.</summary>
    public IReadOnlyList<string> Others => _others;

    /// <summary>Help was asked for.</summary>
    public bool WantsHelp { get; private set; }

    /// <exception cref="CommandRefusedException">They cannot be read.</exception>
    public static CommandArguments Parse(IReadOnlyList<string> args, IReadOnlyList<CommandFlag> flags)
    {
        var arguments = new CommandArguments(flags);
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                arguments._others.AddRange(args.Skip(i + 1));
                break;
            }
            if (args[i].Length < 2 || args[i][0] != '-')
                arguments._others.Add(args[i]);
            else
                arguments.Read(args, ref i);
        }
        return arguments;
    }

    public bool IsSet(string name) => _given.ContainsKey(name);

    public string Text(string name) => _given.GetValueOrDefault(name) ?? _flags.First(flag => flag.Name == name).Default;

    public bool Bool(string name) => GoValue.TryBool(Text(name), out var value) && value;

    public ulong UInt(string name) => ulong.Parse(Text(name), CultureInfo.InvariantCulture);

    private void Read(IReadOnlyList<string> args, ref int at)
    {
        var (shown, flag, value) = args[at].StartsWith("--", StringComparison.Ordinal) ? Long(args[at]) : Short(args[at]);
        if (flag is null)
        {
            WantsHelp = true;
            return;
        }
        if (value is null && flag.Kind == CommandFlagKind.Bool)
            value = "true";
        value ??= ++at < args.Count ? args[at] : throw CommandRefusedException.Usage($"flag needs an argument: {shown}");
        if (Complaint(flag, value) is { } complaint)
        {
            var names = flag.Letter is { } letter ? $"-{letter}, --{flag.Name}" : $"--{flag.Name}";
            throw CommandRefusedException.Usage($"invalid argument \"{value}\" for \"{names}\" flag: {complaint}");
        }
        _given[flag.Name] = value;
    }

    private (string Shown, CommandFlag? Flag, string? Value) Long(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? argument[2..] : argument[2..equals];
        if (name is "" or ['-', ..])
            throw CommandRefusedException.Usage($"bad flag syntax: {argument}");
        if (name == "help")
            return (argument, null, null);
        var flag = _flags.FirstOrDefault(flag => flag.Name == name) ?? throw CommandRefusedException.Usage($"unknown flag: --{name}");
        return ($"--{name}", flag, equals < 0 ? null : argument[(equals + 1)..]);
    }

    private (string Shown, CommandFlag? Flag, string? Value) Short(string argument)
    {
        if (argument[1] == 'h')
            return (argument, null, null);
        var flag = _flags.FirstOrDefault(flag => flag.Letter == argument[1])
            ?? throw CommandRefusedException.Usage($"unknown shorthand flag: '{argument[1]}' in {argument}");
        var value = argument.Length == 2 ? null : argument[(argument[2] == '=' ? 3 : 2)..];
        return ($"'{argument[1]}' in {argument}", flag, value);
    }

    private static string? Complaint(CommandFlag flag, string value) => flag.Kind switch
    {
        CommandFlagKind.Bool when !GoValue.TryBool(value, out _) => $"strconv.ParseBool: parsing \"{value}\": invalid syntax",
        CommandFlagKind.UInt when !ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _) =>
            $"strconv.ParseUint: parsing \"{value}\": {(value.Length > 19 && value.All(char.IsAsciiDigit) ? "value out of range" : "invalid syntax")}",
        _ => null,
    };
}
