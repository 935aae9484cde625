//! The design system: what every page is made of. It knows no feature, and class names live only here.
//!
//! Pages speak intentions (`<Button intent=Intent::Danger>`); what an intention looks like is said once, here and in
//! `style/`. Everything works without JavaScript unless its comment says otherwise. No element carries a `style`
//! attribute: the content security policy forbids them.

mod admin;
mod button;
mod card;
mod chart;
mod choice;
mod code;
mod dialog;
mod disclosure;
mod editor;
mod facts;
mod feedback;
mod field;
mod focus;
mod form;
mod icon;
mod inline;
mod layout;
mod lesson;
mod markdown;
mod money;
mod navigation;
mod page;
mod picker;
mod picture;
mod sortable;
mod table;
mod text;
mod theme;
mod time;
mod toast;
mod words;

pub use admin::AdminLayout;
pub use button::{Button, Intent, LinkButton, PrintButton};
pub use card::{Badge, Cover, CoverCard, ProgressLine, Tone};
pub use chart::{Bar, BarChart, ShareBar};
pub use choice::SearchSelect;
pub use code::{CheckCell, CodeForm, FigureField};
pub use dialog::{Answers, Dialog};
pub use disclosure::Accordion;
pub use editor::{EditorActions, EditorHead, EditorItem, EditorList, EditorSection, EditorTail};
pub use facts::{Fact, Facts, Happening, Pair, Timeline};
pub use feedback::{EmptyState, ErrorState, NeedsScript, Notice, SkeletonCards, SkeletonList, SkeletonPage};
pub use field::{CheckField, Field, SelectField, TextArea};
pub use focus::keep_focus;
pub use form::{Form, FormErrors, SearchBox, Submitting};
pub use inline::{Choice, InlineChoice, InlineName, Saving};
pub use layout::{AuthCard, BuyBar, Main, Sheet, SiteFooter, SiteHeader, TwoColumns};
pub use lesson::{LessonLayout, LockedPanel, OutlineItem, OutlineList, VideoFrame};
pub use markdown::MarkdownField;
pub use money::{Amounts, Price};
pub use navigation::{NavLink, PrevNext, Tabs};
pub use page::{Grid, PageHeader, Row, Space, Stack};
pub use picker::{FileField, PickList};
pub use picture::{Thumb, WIDTHS};
pub use sortable::{Grip, Order, Place, Sortable, Sorter};
pub use table::{KeysetPager, Pager, RowActions, Stats, Table};
pub use text::{Address, FONTS, Written};
pub use theme::ThemeSwitch;
pub use time::{LocalTime, day_words, utc_day, utc_minute};
pub use toast::{Toaster, Toasts, provide_toaster, use_toast};
pub use words::Words;

use icon::Icon;
use picture::srcset;
use sortable::RowKind;
