using Standalone.Snapshots;

namespace Hosting.Tests.Snapshots;

/// <summary>
/// Goal: the commands read their arguments as etcdutl does and refuse in its words. Method: its answers, asked of etcdutl 3.5.30, as expected values.
/// </summary>
public sealed class CommandArgumentsTests
{
    private static CommandArguments Parse(params string[] args) => CommandArguments.Parse(args, RestoreCommand.Usage.Flags);

    [Theory]
    [InlineData("file", "--name", "m1")]
    [InlineData("--name=m1", "file")]
    [InlineData("--name", "m0", "file", "--name", "m1")]
    [InlineData("--name", "m1", "--", "file")]
    public void Parse_EveryWrittenForm_GivesTheValue(params string[] args)
    {
        var arguments = Parse(args);
        Assert.Equal(("m1", "file"), (arguments.Text("name"), Assert.Single(arguments.Others)));
    }

    [Theory]
    [InlineData("-w", "json")]
    [InlineData("-wjson")]
    [InlineData("-w=json")]
    [InlineData("--write-out=json")]
    public void Parse_Letter_IsTheFlag(params string[] args) => Assert.Equal("json", Parse(args).Text("write-out"));

    [Fact]
    public void Parse_Boolean_DoesNotTakeTheNextArgument()
    {
        var arguments = Parse("--skip-hash-check", "file", "--mark-compacted=false");
        Assert.True(arguments.Bool("skip-hash-check"));
        Assert.False(arguments.Bool("mark-compacted"));
        Assert.Equal("file", Assert.Single(arguments.Others));
    }

    [Theory]
    [InlineData("unknown flag: --nope", "--nope")]
    [InlineData("unknown shorthand flag: 'x' in -x", "-x")]
    [InlineData("flag needs an argument: --name", "--name")]
    [InlineData("flag needs an argument: 'w' in -w", "-w")]
    [InlineData("invalid argument \"x\" for \"--bump-revision\" flag: strconv.ParseUint: parsing \"x\": invalid syntax", "--bump-revision", "x")]
    [InlineData("invalid argument \"-1\" for \"--bump-revision\" flag: strconv.ParseUint: parsing \"-1\": invalid syntax", "--bump-revision=-1")]
    [InlineData(
        "invalid argument \"99999999999999999999\" for \"--bump-revision\" flag: strconv.ParseUint: parsing \"99999999999999999999\": value out of range",
        "--bump-revision", "99999999999999999999")]
    [InlineData("invalid argument \"maybe\" for \"--skip-hash-check\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax", "--skip-hash-check=maybe")]
    public void Parse_WhatCannotBeRead_IsRefusedInEtcdutlsWords(string message, params string[] args) =>
        Assert.Equal((message, 1, true), Assert.Throws<CommandRefusedException>(() => Parse(args)) switch { var e => (e.Message, e.ExitCode, e.ShowsUsage) });

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(9, "9 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1.0 kB")]
    [InlineData(9_949, "9.9 kB")]
    [InlineData(16_384, "16 kB")]
    [InlineData(20_480, "20 kB")]
    [InlineData(1_500_000, "1.5 MB")]
    [InlineData(999_999, "1000 kB")]
    [InlineData(53_687_091_200, "54 GB")]
    public void HumanBytes_Size_IsWrittenAsByEtcdsTools(long bytes, string text) => Assert.Equal(text, HumanBytes.Text(bytes));
}
