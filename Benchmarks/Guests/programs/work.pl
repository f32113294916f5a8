# Regular expressions, hashes, sorting, string building, subroutines, pack, closures.
use strict;
use warnings;

my @words = map { "word" . ($_ * 7919 % 4001) } 1 .. 60000;
my $text = join " ", @words;
my %count;
$count{$1}++ while $text =~ /word(\d+)/g;
my @order = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "words @order[0 .. 4] ", scalar(@order), "\n";

(my $changed = $text) =~ s/(\d)(\d*)\b/$2$1/g;
my $lines = 0;
for my $line ($changed =~ /(.{1,70})(?:\s|$)/g) {
  $lines++ if $line =~ /^(?:word\d+\s*)+$/ && $line =~ tr/0-9// > 20;
}
print "lines $lines ", length($changed), "\n";

sub fib { my $n = shift; return $n < 2 ? $n : fib($n - 1) + fib($n - 2) }
print "fib ", fib(22), "\n";

my @table = map { { id => $_, key => $_ * 2654435761 % 1000003, name => sprintf("%05x", $_ * 31) } } 1 .. 30000;
my @sorted = sort { $a->{key} <=> $b->{key} } @table;
print "sorted ", join(",", map { $_->{name} } @sorted[0 .. 5]), "\n";

my $sum = 0;
for my $i (1 .. 60000) {
  my ($x, $y, $z) = unpack "NnC", pack "NnC", $i * 65537 % 4294967296, $i % 65536, $i % 256;
  $sum = ($sum * 31 + $x + $y + $z) % 1000000007;
}
print "packed $sum\n";

my @counters = map { my $n = $_; sub { $n += shift } } 1 .. 50;
$sum = 0;
for my $i (0 .. 300000) { $sum += $counters[$i % 50]->($i % 7) % 11 }
print "closures $sum\n";

my @lengths;
for my $x (1 .. 60) {
  my ($s, $t) = ("a" x $x . "bcd" x 20, "ab" x ($x / 2) . "cd" x 25);
  my @row = (0) x (length($t) + 1);
  for my $c (split //, $s) {
    my ($last, $k) = (0, 0);
    for my $d (split //, $t) {
      $k++;
      my $above = $row[$k];
      $row[$k] = $c eq $d ? $last + 1 : $above > $row[$k - 1] ? $above : $row[$k - 1];
      $last = $above;
    }
  }
  push @lengths, $row[-1];
}
print "common @lengths\n";
