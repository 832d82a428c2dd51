using EndToEnd.Tests.Tools;
using Standalone;
using Standalone.Flags;
using Standalone.Member;

namespace Hosting.Tests.Flags;

/// <summary>Goal: a configuration file says what flags say, and what is wrong with it is told in etcd's words (as etcd 3.5.30 was heard to say them).</summary>
public sealed class ConfigFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_EveryKindOfKey_IsTheFlag()
    {
        var flags = ConfigFile.Read(Written("""
            # etcd.conf.yml
            name: 'infra0'
            data-dir: /data
            heartbeat-interval: 50
            strict-reconfig-check: false
            auto-compaction-retention: "1"
            initial-cluster-token: 17
            listen-client-urls: http://10.0.0.1:2379,http://127.0.0.1:2379
            log-outputs: [stderr, /var/log/x]
            cipher-suites:
              - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            experimental-watch-progress-notify-interval: 5000000000
            cert-file: /outside/its/block
            discovery:
            no-such-key: {a: 1}
            client-transport-security:
              cert-file: /c.pem
              key-file: /k.pem
              client-cert-auth: true
            peer-transport-security:
              trusted-ca-file: /ca.pem
              auto-tls: true
            """));
        Assert.Equal(("infra0", "/data", "50", "17"), (flags.Text("name"), flags.Text("data-dir"), flags.Text("heartbeat-interval"), flags.Text("initial-cluster-token")));
        Assert.Equal((false, "1", "5000000000ns"), (flags.Bool("strict-reconfig-check"), flags.Text("auto-compaction-retention"), flags.Text("experimental-watch-progress-notify-interval")));
        Assert.Equal(["stderr", "/var/log/x"], flags.List("log-outputs"));
        Assert.Equal(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], flags.List("cipher-suites"));
        Assert.Equal(("/c.pem", "/k.pem", true), (flags.Text("cert-file"), flags.Text("key-file"), flags.Bool("client-cert-auth")));
        Assert.Equal(("/ca.pem", true, false), (flags.Text("peer-trusted-ca-file"), flags.Bool("peer-auto-tls"), flags.IsSet("discovery")));
    }

    [Fact]
    public void Read_Json_IsReadAsWell() =>
        Assert.Equal("a", ConfigFile.Read(Written("""{"name": "a", "client-transport-security": {"auto-tls": true}}""")).Text("name"));

    [Fact]
    public void Parse_FileGiven_PutsFlagsAndVariablesOutOfForce()
    {
        var file = Written("name: fromfile\n");
        var variables = new Dictionary<string, string> { ["ETCD_NAME"] = "fromenv", ["ETCD_DATA_DIR"] = "/env" };
        foreach (var commandLine in (CommandLine[])
            [
                FlagParser.Parse(["--config-file", file, "--name", "fromflag"], variables),
                FlagParser.Parse([$"--config-file={file}"], variables),
                FlagParser.Parse(["--name", "fromflag"], new Dictionary<string, string>(variables) { ["ETCD_CONFIG_FILE"] = file }),
            ])
        {
            Assert.Equal(("fromfile", "", file), (commandLine.Flags.Text("name"), commandLine.Flags.Text("data-dir"), commandLine.Flags.File));
            Assert.Empty(commandLine.Warnings);
        }
    }

    [Fact]
    public void Verify_ListenUrlsOfAFile_NeedNoAdvertisedOnes() =>
        Assert.Equal(
            [5], MemberVerification.Verify(ConfigFile.Read(Written("listen-client-urls: http://127.0.0.1:5\n"))).ClientEndpoints.Select(port => ((System.Net.IPEndPoint)port.EndPoint).Port));

    [Theory]
    [InlineData("listen-client-urls: foo", "unexpected error setting up listen-client-urls: URL scheme must be http, https, unix, or unixs: foo")]
    [InlineData(
        "heartbeat-interval: abc",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field configYAML.Config.heartbeat-interval of type uint")]
    [InlineData(
        "log-outputs: stdout",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field configYAML.Config.log-outputs of type []string")]
    [InlineData(
        "client-transport-security: 5",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field configYAML.configJSON.client-transport-security of type embed.securityConfig")]
    [InlineData("initial-cluster-state: foo", "unexpected clusterState \"foo\"")]
    public void Read_NoValueOfTheKey_IsRefusedInEtcdsWords(string yaml, string text) => Assert.Equal(text, Refusal(Written(yaml + "\n")));

    [Fact]
    public void Read_NoYaml_IsRefusedWithItsLine()
    {
        Assert.StartsWith("error converting YAML to JSON: yaml: line 2: ", Refusal(Written("name: x\n  y: z\n")), StringComparison.Ordinal);
        Assert.StartsWith("error converting YAML to JSON: yaml: ", Refusal(Written("name: [a\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoFile_IsRefusedInEtcdsWords()
    {
        Assert.Equal("open /nope: no such file or directory", Refusal("/nope"));
        Assert.Equal($"read {_folder.Path}: is a directory", Refusal(_folder.Path));
    }

    [Fact]
    public void Read_EmptyFile_SetsNothing() => Assert.Equal("default", ConfigFile.Read(Written("")).Text("name"));

    private static string Refusal(string path)
    {
        var refused = Assert.Throws<StartRefusedException>(() => ConfigFile.Read(path));
        Assert.Equal(1, refused.ExitCode);
        return refused.Message;
    }

    private string Written(string yaml)
    {
        var path = _folder.Sub("etcd.conf.yml");
        File.WriteAllText(path, yaml);
        return path;
    }
}
