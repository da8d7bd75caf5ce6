/** What stands between the whole digits of a number and the others; the language of the page decides. */
class Point {
  comma = $state(false);
}
export const point = new Point();
