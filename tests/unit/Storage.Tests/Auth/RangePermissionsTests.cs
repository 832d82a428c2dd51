using System.Text;
using Storage.Core.Auth;
using Storage.Core.Mvcc;

namespace Storage.Tests.Auth;

/// <summary>
/// Goal: a range is allowed exactly when each of its keys is. Method: random permissions on a small alphabet; every key that can lie at a border is asked for by itself,
/// and every range against its keys.
/// </summary>
public sealed class RangePermissionsTests
{
    private const int Read = 0, Write = 1, ReadWrite = 2;

    // All texts of up to three letters: every border of a permission on keys of up to two is one of them.
    private static readonly string[] s_keys = [.. Texts(3).Where(static text => text.Length > 0).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("a", "", true)]
    [InlineData("a", "f", true)]
    [InlineData("a", "f\0", false)]
    [InlineData("b", "d", true)]
    [InlineData("f", "", false)]
    [InlineData("h", "", true)]
    [InlineData("h", "h\0", true)]
    [InlineData("h", "h\0\0", false)]
    [InlineData("x", "\0", true)]
    [InlineData("y", "z", true)]
    [InlineData("w", "\0", false)]
    [InlineData("\0", "\0", false)]
    [InlineData("p", "", false)]
    [InlineData("b", "a", false)]
    [InlineData("b", "b", true)]
    [InlineData("g", "g", false)]
    [InlineData("z", "a", false)]
    [InlineData("g", "a", false)]
    public void Allow_PermissionsOfSeveralRoles_AddUp(string key, string end, bool expected)
    {
        var permissions = new RangePermissions(
            [Of(Read, "a", "c"), Of(Read, "c", "e"), Of(Read, "d", "f"), Of(ReadWrite, "h", ""), Of(Read, "x", "\0"), Of(7, "p", "q"), Of(Write, "\0", "\0")]);
        Assert.Equal(expected, permissions.Allow(Range(key, end), write: false));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Allow_RandomPermissions_AsEachKeyByItself(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            var permissions = Enumerable.Range(0, random.Next(7)).Select(_ => RandomPermission(random)).ToList();
            var merged = new RangePermissions(permissions);
            foreach (var write in new[] { false, true })
            {
                var allowed = s_keys.Where(key => permissions.Any(one => Allows(one, key, write))).ToHashSet();
                foreach (var key in s_keys)
                    Assert.True(merged.Allow(Range(key, ""), write) == allowed.Contains(key), $"seed {seed}, round {round}, key {Show(key)}");
                for (var i = 0; i < 60; i++)
                {
                    var (from, to) = (s_keys[random.Next(s_keys.Length)], random.Next(6) == 0 ? "\0" : s_keys[random.Next(s_keys.Length)]);
                    if (to != "\0" && string.CompareOrdinal(to, from) <= 0)
                        continue;
                    var expected = s_keys.Where(key => new KeyRange(Bytes(from), Bytes(to)).Contains(Bytes(key))).All(allowed.Contains)
                        && (to != "\0" || permissions.Any(one => Reaches(one, write)));
                    Assert.True(merged.Allow(Range(from, to), write) == expected, $"seed {seed}, round {round}, [{Show(from)}, {Show(to)})");
                }
            }
        }
    }

    private static bool Allows(AuthPermission permission, string key, bool write) =>
        (write ? permission.AllowsWrite : permission.AllowsRead) && new KeyRange(permission.Key.Span, permission.RangeEnd.Span).Contains(Bytes(key));

    private static bool Reaches(AuthPermission permission, bool write) =>
        (write ? permission.AllowsWrite : permission.AllowsRead) && permission.RangeEnd.Span is [0];

    private static AuthPermission RandomPermission(Random random)
    {
        var texts = s_keys.Where(static text => text.Length < 3).ToArray();
        var (key, end) = (texts[random.Next(texts.Length)], texts[random.Next(texts.Length)]);
        return (random.Next(5), string.CompareOrdinal(key, end)) switch
        {
            (0, _) or (_, 0) => Of(random.Next(3), key, ""),
            (1, _) => Of(random.Next(3), key, "\0"),
            (_, < 0) => Of(random.Next(3), key, end),
            _ => Of(random.Next(3), end, key),
        };
    }

    private static IEnumerable<string> Texts(int length) =>
        length == 0 ? [""] : Texts(length - 1).SelectMany(static text => new[] { text, text + '\0', text + 'a', text + 'b' }).Distinct();

    private static AuthPermission Of(int type, string key, string end) => new(type, Bytes(key), Bytes(end));

    private static KeyRange Range(string key, string end) => new(Bytes(key), Bytes(end));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string Show(string text) => text.Replace('\0', '0');
}
