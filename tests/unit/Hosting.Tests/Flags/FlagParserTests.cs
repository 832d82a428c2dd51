using Standalone;
using Standalone.Flags;

namespace Hosting.Tests.Flags;

public sealed class FlagParserTests
{
    private static readonly Dictionary<string, string> NoVariables = [];

    private static CommandLine Parse(params string[] args) => FlagParser.Parse(args, NoVariables);

    private static StartRefusedException Refused(params string[] args) => Assert.Throws<StartRefusedException>(() => Parse(args));

    [Theory]
    [InlineData("--name", "infra0")]
    [InlineData("-name", "infra0")]
    [InlineData("--name=infra0")]
    [InlineData("-name=infra0")]
    public void Parse_EveryWrittenForm_GivesTheValue(params string[] args) => Assert.Equal("infra0", Parse(args).Flags.Text("name"));

    [Fact]
    public void Parse_SameFlagTwice_TakesTheLast() => Assert.Equal("b", Parse("--name", "a", "--name", "b").Flags.Text("name"));

    [Fact]
    public void Parse_BooleanWithoutValue_DoesNotTakeTheNextArgument()
    {
        var commandLine = Parse("--enable-pprof", "--name", "x");
        Assert.Equal(("true", "x"), (commandLine.Flags.Text("enable-pprof"), commandLine.Flags.Text("name")));
    }

    [Theory]
    [InlineData(2, "flag provided but not defined: -nope", "--nope")]
    [InlineData(2, "flag provided but not defined: -cl", "-cl", "127.0.0.1:4001")]
    [InlineData(2, "flag needs an argument: -name", "--name")]
    [InlineData(2, "bad flag syntax: ---name", "---name")]
    [InlineData(2, "invalid value \"abc\" for flag -election-timeout: parse error", "--election-timeout", "abc")]
    [InlineData(2, "invalid value \"99999999999999999999\" for flag -max-txn-ops: value out of range", "--max-txn-ops=99999999999999999999")]
    [InlineData(2, "invalid value \"foo\" for flag -initial-cluster-state: invalid value", "--initial-cluster-state", "foo")]
    [InlineData(2, "invalid value \"foo\" for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: foo", "--listen-client-urls", "foo")]
    [InlineData(2, "invalid boolean value \"maybe\" for -enable-v2: parse error", "--enable-v2=maybe")]
    [InlineData(2, "invalid value \"5\" for flag -raft-read-timeout: parse error", "--raft-read-timeout", "5")]
    [InlineData(1, "'extra' is not a valid flag", "extra")]
    [InlineData(1, "'extra' is not a valid flag", "--name", "x", "extra")]
    public void Parse_NotACommandLineOfEtcd_IsRefusedInItsWords(int exitCode, string text, params string[] args)
    {
        var refused = Refused(args);
        Assert.Equal((exitCode, text), (refused.ExitCode, refused.Message));
    }

    [Theory]
    [InlineData("--version", CommandLineAction.ShowVersion)]
    [InlineData("-version", CommandLineAction.ShowVersion)]
    [InlineData("--help", CommandLineAction.ShowHelp)]
    [InlineData("-h", CommandLineAction.ShowHelp)]
    [InlineData("--version=false", CommandLineAction.Serve)]
    public void Parse_VersionAndHelp_AreActions(string arg, object action) => Assert.Equal(action, Parse(arg).Action);

    [Fact]
    public void Parse_Variable_StandsForTheFlag() =>
        Assert.Equal("/data", FlagParser.Parse([], new Dictionary<string, string> { ["ETCD_DATA_DIR"] = "/data" }).Flags.Text("data-dir"));

    [Fact]
    public void Parse_FlagAndItsVariable_Conflict()
    {
        var refused = Assert.Throws<StartRefusedException>(
            () => FlagParser.Parse(["--name", "a"], new Dictionary<string, string> { ["ETCD_NAME"] = "b" }));
        Assert.Equal((1, "ETCD_NAME"), (refused.ExitCode, refused.Subject));
        Assert.StartsWith("conflicting environment variable is shadowed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UnknownVariable_IsAWarning()
    {
        var warning = Assert.Single(FlagParser.Parse([], new Dictionary<string, string> { ["ETCD_NOPE"] = "1", ["HOME"] = "/" }).Warnings);
        Assert.Equal(new StartWarning("unrecognized environment variable", "ETCD_NOPE"), warning);
    }

    [Fact]
    public void Parse_KnownFlagWithoutEffect_IsOneWarningUnlessItAsksForWhatIsDoneAnyway()
    {
        Assert.Equal(new StartWarning("flag has no effect: --snapshot-count says how many entries the log keeps", "max-wals"), Assert.Single(Parse("--max-wals", "1").Warnings));
        Assert.Empty(Parse("--experimental-memory-mlock=false", "--logger", "zap", "--enable-v2", "--name", "x").Warnings);
    }

    [Fact]
    public void FlagTable_EveryFlag_HasAnEffectOrAReasonForNone() =>
        Assert.All(FlagTable.All.Values, flag => Assert.False(string.IsNullOrWhiteSpace(flag.Effect ?? flag.Reason), $"--{flag.Name} has neither"));

    [Fact]
    public void UsageText_EveryFlag_IsInItOnceAndSaysWhatItDoes()
    {
        var lines = UsageText.Lines.Split('\n');
        Assert.All(FlagTable.All.Values, flag =>
        {
            var at = Assert.Single(Enumerable.Range(0, lines.Length), n => lines[n] == $"  --{flag.Name}" || lines[n].StartsWith($"  --{flag.Name} '", StringComparison.Ordinal));
            Assert.StartsWith("    ", lines[at + 1], StringComparison.Ordinal);
        });
    }

    [Fact]
    public void FlagTable_EveryDefault_IsAValueOfItsFlag() =>
        Assert.All(FlagTable.All.Values, flag => Assert.Null(GoValue.Complaint(flag, flag.Default)));
}
