using System.Text;
using ApiGateway.Core.Json;

namespace ApiGateway.Tests.Core.Json;

/// <summary>Goal: values are told apart where Go's decoder tells them apart, and refused in its words. Method: texts whole, and byte by byte.</summary>
public sealed class JsonScannerTests
{
    [Theory]
    [InlineData("""{"a":1}{"b":2}""", """{"a":1}""")]
    [InlineData("  {\"a\":[1,2,{\"b\":\"}\\\"]\"}]} x", "  {\"a\":[1,2,{\"b\":\"}\\\"]\"}]}")]
    [InlineData("{}x", "{}")]
    [InlineData("[ ] ", "[ ]")]
    [InlineData("-12.5e+3,", "-12.5e+3")]
    [InlineData("0 1", "0")]
    [InlineData("\"a\\u00e9\"x", "\"a\\u00e9\"")]
    [InlineData("true false", "true")]
    public void Scan_AValueAndMore_StopsBehindTheValue(string text, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var whole = new JsonScanner();
        Assert.Equal(value.Length, whole.Scan(bytes));
        Assert.True(whole.IsDone);
        var stepwise = new JsonScanner();
        var length = 0;
        while (!stepwise.IsDone)
            length += stepwise.Scan(bytes.AsSpan(length, 1));
        Assert.Equal(value.Length, length);
    }

    [Theory]
    [InlineData("x", "invalid character 'x' looking for beginning of value")]
    [InlineData("{b", "invalid character 'b' looking for beginning of object key string")]
    [InlineData("{\"a\":1,}", "invalid character '}' looking for beginning of object key string")]
    [InlineData("{\"a\" 1}", "invalid character '1' after object key")]
    [InlineData("{\"a\":1 2}", "invalid character '2' after object key:value pair")]
    [InlineData("[1 2]", "invalid character '2' after array element")]
    [InlineData("[1,]", "invalid character ']' looking for beginning of value")]
    [InlineData("\"a\n\"", "invalid character '\\n' in string literal")]
    [InlineData("\"\\x\"", "invalid character 'x' in string escape code")]
    [InlineData("\"\\u00g\"", "invalid character 'g' in \\u hexadecimal character escape")]
    [InlineData("tru ", "invalid character ' ' in literal true (expecting 'e')")]
    [InlineData("-x", "invalid character 'x' in numeric literal")]
    [InlineData("1.x", "invalid character 'x' after decimal point in numeric literal")]
    [InlineData("1ex", "invalid character 'x' in exponent of numeric literal")]
    [InlineData("[01]", "invalid character '1' after array element")]
    [InlineData("'", "invalid character '\\'' looking for beginning of value")]
    [InlineData("\u00e9", "invalid character 'Ã' looking for beginning of value")]
    [InlineData("\u0000", "invalid character '\\x00' looking for beginning of value")]
    public void Scan_NoJson_SaysWhatGoSays(string text, string error)
    {
        var scanner = new JsonScanner();
        scanner.Scan(Encoding.UTF8.GetBytes(text));
        Assert.Equal(error, scanner.Error);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(" \r\n", false)]
    [InlineData("{\"a\":", true)]
    [InlineData("\"a", true)]
    [InlineData("-", true)]
    public void End_BeforeTheValueIs_IsCutShort(string text, bool hasBegun)
    {
        var scanner = new JsonScanner();
        scanner.Scan(Encoding.UTF8.GetBytes(text));
        Assert.False(scanner.End());
        Assert.Equal(hasBegun, scanner.HasBegun);
    }

    [Fact]
    public void Scan_BracketsWithoutEnd_AreRefused()
    {
        var scanner = new JsonScanner();
        Assert.Equal(10_001, scanner.Scan(Encoding.UTF8.GetBytes(new string('[', 20_000))));
        Assert.Equal("invalid character '[' exceeded max depth", scanner.Error);
    }
}
