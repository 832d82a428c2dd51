using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Grpc.Core;

namespace Conformance.V3;

/// <summary>
/// Goal: with the same key, etcd takes our JWTs and we take etcd's, and both refuse the same for the same reasons. Method: both have the same users; tokens of each, and tokens that
/// neither has made, are shown to both.
/// </summary>
public sealed class JwtTests(JwtPair pair) : IClassFixture<JwtPair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new([new Scenario<GrpcSession>("jwt/tokens", TokensAsync)]);

    [V3ScenarioTheory]
    [InlineData("jwt/tokens")]
    public async Task Tokens_OfEither_AreTakenByBoth(string name)
    {
        JwtPair.Current = pair;
        await pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
        // The same users in the same order, so that the revision in the claims means the same.
        var tokens = new List<string>();
        foreach (var target in (Target[])[pair.Etcd, pair.Ours])
            tokens.Add((await Rpc.Authenticate.CallAsync(target.Channel, new AuthenticateRequest { Name = "ann", Password = "ap" })).Token);
        Assert.Equal(Claims(tokens[0]).Except(["exp"]), Claims(tokens[1]).Except(["exp"]));
        foreach (var token in tokens)
        {
            foreach (var target in (Target[])[pair.Etcd, pair.Ours])
            {
                await Rpc.SendAsync(
                    target.Channel, Rpc.Method(MethodType.Unary, "etcdserverpb.KV", "Range"), Google.Protobuf.MessageExtensions.ToByteArray(Messages.Get("a1")), new Metadata { { "token", token } });
                var refused = await Assert.ThrowsAsync<RpcException>(() => Rpc.SendAsync(
                    target.Channel, Rpc.Method(MethodType.Unary, "etcdserverpb.KV", "Range"), Google.Protobuf.MessageExtensions.ToByteArray(Messages.Get("z1")), new Metadata { { "token", token } }));
                Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
            }
        }
    }

    // The names and values of what the token says, but for the time.
    private static List<string> Claims(string token) =>
        [.. JsonDocument.Parse(JwtPair.Decode(token.Split('.')[1])).RootElement.EnumerateObject().Select(static claim => claim.Name == "exp" ? "exp" : $"{claim.Name}={claim.Value}").Order()];

    private static async Task TokensAsync(GrpcSession s)
    {
        var keys = JwtPair.Current!;
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = "root", Password = "rp" });
        await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = "root" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = "ann", Password = "ap" });
        await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = "r" });
        await s.Call(Rpc.RoleGrantPermission, new AuthRoleGrantPermissionRequest
        {
            Name = "r", Perm = new EtcdApi.Authpb.Permission { PermType = EtcdApi.Authpb.Permission.Types.Type.Readwrite, Key = Messages.B("a"), RangeEnd = Messages.B("b") },
        });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "ann", Role = "r" });
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        var revision = (await s.Call(Rpc.AuthStatus, new AuthStatusRequest(), await s.LogIn("root", "rp")))!.AuthRevision;
        var later = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds();
        foreach (var (what, claims) in (IEnumerable<(string, object)>)
        [
            ("good", new { username = "ann", revision, exp = later }),
            ("no end", new { username = "ann", revision }),
            ("ended", new { username = "ann", revision, exp = later - 3600 }),
            ("not begun", new { username = "ann", revision, exp = later, nbf = later - 60 }),
            ("no user", new { revision, exp = later }),
            ("no revision", new { username = "ann", exp = later }),
            ("revision a text", new { username = "ann", revision = "1", exp = later }),
            ("old revision", new { username = "ann", revision = 1, exp = later }),
            ("unknown user", new { username = "nobody", revision, exp = later }),
            ("root", new { username = "root", revision, exp = later }),
        ])
        {
            s.Note(what);
            await s.Call(Rpc.Range, Messages.Get("a1"), Hidden(s, what, keys.Sign(claims)));
            await s.Call(Rpc.Put, new PutRequest { Key = Messages.B("z1") }, Hidden(s, what, keys.Sign(claims)));
        }
        var good = new { username = "ann", revision, exp = later };
        foreach (var (what, token) in (IEnumerable<(string, string)>)
        [
            ("another key", keys.Sign(good, own: false)), ("no signature", JwtPair.Unsigned(good)), ("public key as a secret", keys.SignWithPublicKey(good)), ("cut", keys.Sign(good)[..^4]), ("nonsense", "a.b.c"), ("words", "nonsense"),
        ])
        {
            s.Note(what);
            await s.Call(Rpc.Range, Messages.Get("a1"), Hidden(s, what, token));
        }
        await s.Call(Rpc.Range, Messages.Get("a1"));
    }

    private static Metadata Hidden(GrpcSession s, string what, string token)
    {
        s.Hide(token, $"<{what}>");
        return new Metadata { { "token", token } };
    }
}

/// <summary>A pair whose tokens are JWTs of one RSA key.</summary>
public sealed class JwtPair : V3Pair, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("conformance-jwt");
    private readonly RSA _key = RSA.Create(2048);
    private readonly RSA _other = RSA.Create(2048);

    public JwtPair()
    {
        File.WriteAllText(PublicFile, _key.ExportSubjectPublicKeyInfoPem());
        File.WriteAllText(PrivateFile, _key.ExportPkcs8PrivateKeyPem());
    }

    // Scenarios are static.
    internal static JwtPair? Current { get; set; }

    private string PublicFile => Path.Combine(_folder.FullName, "public.pem");

    private string PrivateFile => Path.Combine(_folder.FullName, "private.pem");

    private protected override Func<ServerProgram> Reference => () => ServerProgram.Etcd35() with
    {
        SharedFlags = ["--bcrypt-cost", "4", "--auth-token", $"jwt,pub-key={PublicFile},priv-key={PrivateFile},sign-method=RS256,ttl=5m"],
    };

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
        _folder.Delete(recursive: true);
    }

    internal static byte[] Decode(string part) => Convert.FromBase64String(part.Replace('-', '+').Replace('_', '/').PadRight((part.Length + 3) / 4 * 4, '='));

    internal string Sign(object claims, bool own = true)
    {
        var text = Text("RS256", claims);
        return $"{text}.{Encode((own ? _key : _other).SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    internal string SignWithPublicKey(object claims)
    {
        var text = Text("HS256", claims);
        return $"{text}.{Encode(HMACSHA256.HashData(File.ReadAllBytes(PublicFile), Encoding.ASCII.GetBytes(text)))}";
    }

    internal static string Unsigned(object claims) => Text("none", claims) + ".";

    private static string Text(string algorithm, object claims) =>
        $"{Encode(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, typ = "JWT" }))}.{Encode(JsonSerializer.SerializeToUtf8Bytes(claims))}";

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
